from django.urls import include, path

from assessments.admin import site

urlpatterns = [path("admin/", site.urls), path("", include("assessments.urls"))]

handler400 = "assessments.views.errors.bad_request"
handler403 = "assessments.views.errors.forbidden"
handler404 = "assessments.views.errors.not_found"
handler500 = "assessments.views.errors.server_error"
