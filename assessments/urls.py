from django.urls import path, register_converter

from .accounts import sign_in_views as sign_in
from .accounts import views as accounts
from .frameworks import import_views as imports
from .frameworks import views as frameworks
from .frameworks.editor import draft_views as drafts
from .frameworks.editor import part_views as editor
from .invitations import link_views as links
from .invitations import views as inviting
from .lifecycle import move_views as moves
from .lifecycle import views as assessments
from .organisation import team_views as teams
from .organisation import unit_views as units
from .planning import roadmap_views as roadmap
from .planning import target_views as targets
from .portfolio import views as portfolio
from .questionnaire import views as questionnaire
from .results import comparison_views as compare
from .results import team_views as team_pages
from .results import views as results
from .review import views as review
from .web import home_views as home
from .web.url_converters import KeyConverter, KindConverter

register_converter(KeyConverter, "key")
register_converter(KindConverter, "kind")

EDIT = "frameworks/<slug:key>/<uuid:pk>/edit/"


def answering(place: str, prefix: str) -> list:
    """The pages of a questionnaire below an address; names begin with the prefix."""
    pages = [
        ("to/<key:dimension>/<int:criterion>/", questionnaire.save, "answer-save"),
        ("next/", questionnaire.next_unanswered, "answer-next"),
        ("symptoms/", questionnaire.symptoms, "answer-symptoms"),
        ("done/", questionnaire.done, "answer-done"),
        ("submit/", questionnaire.submit, "answer-submit"),
        ("to/<key:dimension>/", questionnaire.dimension, "answer-dimension"),
    ]
    return [path(place + page, view, name=prefix + name) for page, view, name in pages]


urlpatterns = [
    # Answering, for members. It comes first because it is asked for most: every answer is a request.
    *answering("assessments/<uuid:pk>/answer/", ""),
    path("assessments/<uuid:pk>/answer/", questionnaire.begin, name="answer"),
    path("assessments/<uuid:pk>/answer/link/", questionnaire.take_link, name="answer-link"),
    # The same by link
    *answering("i/<str:token>/answer/", "guest-"),
    path("i/<str:token>/", links.link, name="link"),
    path("i/<str:token>/accept/", links.accept, name="link-accept"),
    path("i/<str:token>/review/", review.guest_review, name="guest-review"),
    path("i/<str:token>/review/now/", review.guest_now, name="guest-review-now"),
    path("i/<str:token>/answer/", questionnaire.begin, name="guest-answer"),
    path("", home.home, name="home"),
    path("favicon.ico", home.favicon, name="favicon"),
    # Signing in, the first administrator, passwords
    path("setup/", sign_in.setup, name="setup"),
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-in/demo/", sign_in.demo, name="sign-in-demo"),
    path("signed-in/", home.signed_in, name="signed-in"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("password/reset/", sign_in.password_reset, name="password-reset"),
    path("password/set/<uidb64>/<token>/", sign_in.password_set, name="password-set"),
    path("account/", accounts.own, name="account"),
    path("account/password/", accounts.password, name="password-change"),
    # Accounts and units, for administrators
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/new/", accounts.new, name="account-new"),
    path("accounts/<uuid:pk>/", accounts.edit, name="account-edit"),
    path("accounts/<uuid:pk>/link/", accounts.link, name="account-link"),
    path("accounts/<uuid:pk>/delete/", accounts.erase, name="account-erase"),
    path("units/", units.units, name="units"),
    path("units/new/", units.new, name="unit-new"),
    path("units/<int:pk>/", units.edit, name="unit-edit"),
    path("units/<int:pk>/delete/", units.delete, name="unit-delete"),
    path("units/<int:pk>/managers/", units.add_manager, name="unit-manager-add"),
    path("units/<int:pk>/managers/<int:membership>/remove/", units.remove_manager, name="unit-manager-remove"),
    # Teams and their people
    path("teams/", team_pages.teams, name="teams"),
    path("teams/new/", teams.new, name="team-new"),
    path("teams/<uuid:pk>/", team_pages.team, name="team"),
    path("teams/<uuid:pk>/edit/", teams.edit, name="team-edit"),
    path("teams/<uuid:pk>/members/", teams.members, name="team-members"),
    path("teams/<uuid:pk>/members/<int:membership>/", teams.change_role, name="member-role"),
    path("teams/<uuid:pk>/members/<int:membership>/remove/", teams.remove_member, name="member-remove"),
    # What a team wants to reach and does for it
    path("teams/<uuid:pk>/compare/", compare.compare, name="team-compare"),
    path("teams/<uuid:pk>/export/", results.export, name="team-export"),
    path("teams/<uuid:pk>/targets/", targets.targets, name="team-targets"),
    path("teams/<uuid:pk>/targets/<int:target>/give-up/", targets.give_up, name="target-give-up"),
    path("teams/<uuid:pk>/adviser/", targets.adviser, name="team-adviser"),
    path("teams/<uuid:pk>/roadmap/", roadmap.roadmap, name="team-roadmap"),
    path("teams/<uuid:pk>/what-if/", roadmap.what_if, name="team-what-if"),
    path("teams/<uuid:pk>/actions/new/<str:criterion>/", roadmap.new, name="action-new"),
    path("teams/<uuid:pk>/actions/<int:action>/", roadmap.edit, name="action-edit"),
    path("teams/<uuid:pk>/actions/<int:action>/status/", roadmap.status, name="action-status"),
    # The organisation
    path("portfolio/", portfolio.portfolio, name="portfolio"),
    path("portfolio/export/", portfolio.export, name="portfolio-export"),
    path("plan/", portfolio.plan, name="plan"),
    # Frameworks
    path("frameworks/", frameworks.frameworks, name="frameworks"),
    path("frameworks/<slug:key>/", frameworks.framework, name="framework"),
    path("frameworks/<slug:key>/<uuid:pk>/", frameworks.edition, name="edition"),
    path("frameworks/<slug:key>/<uuid:pk>/compare/", frameworks.compare, name="edition-compare"),
    path("frameworks/<slug:key>/<uuid:pk>/file/", imports.export, name="edition-export"),
    path("frameworks/<slug:key>/criteria/<key:criterion>/", frameworks.criterion, name="criterion-history"),
    path("framework-import/", imports.import_framework, name="framework-import"),
    # Drafts of editions, for administrators
    path("frameworks/<slug:key>/<uuid:pk>/draft/", drafts.make, name="draft-make"),
    path(EDIT, editor.head, name="draft-edit"),
    path(f"{EDIT}discard/", drafts.discard, name="draft-discard"),
    path(f"{EDIT}changes/", drafts.changes, name="draft-changes"),
    path(f"{EDIT}changes/<kind:kind>/<int:part>/", drafts.meaning, name="draft-meaning"),
    path(f"{EDIT}impact/", drafts.impact, name="draft-impact"),
    path(f"{EDIT}publish/", drafts.publish, name="draft-publish"),
    path(f"{EDIT}<kind:kind>/new/", editor.new, name="draft-new"),
    path(f"{EDIT}<kind:kind>/<int:part>/", editor.part, name="draft-part"),
    path(f"{EDIT}<kind:kind>/<int:part>/move/", editor.move, name="draft-move"),
    path(f"{EDIT}<kind:kind>/<int:part>/remove/", editor.remove, name="draft-remove"),
    # Assessments: from the start to the result
    path("teams/<uuid:pk>/assessments/new/", assessments.start, name="assessment-start"),
    path("assessments/<uuid:pk>/", assessments.assessment, name="assessment"),
    path("assessments/<uuid:pk>/due/", assessments.due, name="assessment-due"),
    path("assessments/<uuid:pk>/close/", assessments.close, name="assessment-close"),
    path("assessments/<uuid:pk>/reopen/", assessments.reopen, name="assessment-reopen"),
    path("assessments/<uuid:pk>/discard/", assessments.discard, name="assessment-discard"),
    path("assessments/<uuid:pk>/open/", moves.open_draft, name="assessment-open"),
    path("assessments/<uuid:pk>/end/", moves.end_answering, name="assessment-end"),
    path("assessments/<uuid:pk>/again/", moves.answer_again, name="assessment-again"),
    path("assessments/<uuid:pk>/facilitator/", moves.facilitator, name="assessment-facilitator"),
    # Inviting and following
    path("assessments/<uuid:pk>/invite/", inviting.invite, name="assessment-invite"),
    path("assessments/<uuid:pk>/invite/link/", inviting.share, name="assessment-share"),
    path("assessments/<uuid:pk>/invite/<int:invitation>/revoke/", inviting.revoke, name="assessment-revoke"),
    path("assessments/<uuid:pk>/invite/<int:invitation>/forget/", inviting.forget, name="assessment-forget"),
    path("assessments/<uuid:pk>/remind/", inviting.remind, name="assessment-remind"),
    path("assessments/<uuid:pk>/participation/", inviting.participation, name="assessment-participation"),
    # Reviewing together
    path("assessments/<uuid:pk>/review/", review.review, name="review"),
    path("assessments/<uuid:pk>/review/now/", review.now, name="review-now"),
    path("assessments/<uuid:pk>/review/turn/", review.turn, name="review-turn"),
    path("assessments/<uuid:pk>/review/<int:criterion>/", review.agree, name="review-agree"),
    path("results/<uuid:pk>/", results.result, name="result"),
    path("results/<uuid:pk>/setback/", compare.setback, name="result-setback"),
]
