from django.urls import include, path

from assessments.admin import site

urlpatterns = [path("admin/", site.urls), path("", include("assessments.urls"))]

handler400 = "assessments.web.error_views.bad_request"
handler403 = "assessments.web.error_views.forbidden"
handler404 = "assessments.web.error_views.not_found"
handler500 = "assessments.web.error_views.server_error"
