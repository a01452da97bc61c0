"""What a project decides for itself: retention, time-out, redaction. Read and changed with an admin key."""

from __future__ import annotations

from typing import Final

from playhead.errors import Invalid
from playhead.model.answers import Answer, RedactedText, RedactionData, RetentionData, RetentionPreview, SettingsData
from playhead.model.moment import from_us
from playhead.model.project_settings import SettingsInForce, SettingsPatch
from playhead.model.redaction import REDACTION_KINDS, Redaction, RedactionPatch, RedactionPreview
from playhead.model.requests import RetentionQuery
from playhead.server.project_settings import in_force
from playhead.server.redacting import check_rules
from playhead.server.routes.reading import BASE
from playhead.server.table import Call, Route
from playhead.store.expiring import Expiry

SETTINGS: Final = f"{BASE}/settings"


async def get_settings(call: Call) -> Answer[SettingsData]:
    """Return what counts for the project: its own settings, and the server's where it has none."""
    services = call.services
    settings = await services.read(services.registry.project_settings, call.project.no)
    return _answer(in_force(settings, services.settings))


async def change_settings(call: Call) -> Answer[SettingsData]:
    """Change what is named, all of it or nothing, and return what counts then."""
    services = call.services
    if isinstance(call.body.redaction, RedactionPatch):
        check_rules(call.body.redaction.applied(Redaction()), "redaction")
    change = await services.project_settings.change(call.project.no, call.body, call.now_us, call.origin)
    return _answer(in_force(change.after, services.settings))


async def preview_retention(call: Call) -> Answer[RetentionPreview]:
    """Return what a retention would erase if it were set now; nothing is changed."""
    services, query = call.services, call.query
    expiry = Expiry.after_days(query.days, call.now_us, keep_bookmarked=query.keep_bookmarked)
    expired = await services.read(services.store.count_expired, call.project.no, expiry)
    return Answer(
        data=RetentionPreview(
            sessions=expired.sessions,
            interactions=expired.interactions,
            oldest_started_at=None if expired.oldest_us is None else from_us(expired.oldest_us),
        )
    )


async def preview_redaction(call: Call) -> Answer[RedactedText]:
    """Return what rules leave of a text. Nothing is kept of either."""
    body: RedactionPreview = call.body
    redactor = check_rules(body.rules.applied(Redaction()), "rules")
    return Answer(data=RedactedText(text=await call.services.read(redactor.text, body.text)))


def _answer(settings: SettingsInForce) -> Answer[SettingsData]:
    retention, rules = settings.retention, settings.redaction
    return Answer(
        data=SettingsData(
            retention=RetentionData(days=retention.days, keep_bookmarked=retention.keep_bookmarked),
            redaction=RedactionData(
                enabled=rules.enabled,
                kinds=REDACTION_KINDS if rules.kinds is None else rules.kinds,
                secret_names=rules.secret_names,
                patterns=rules.patterns,
                allow=rules.allow,
            ),
            session_timeout_seconds=settings.session_timeout_s,
        )
    )


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path=SETTINGS,
        scope="admin",
        handler=get_settings,
        answer=Answer[SettingsData],
        summary="The project's settings",
        tag="settings",
    ),
    Route(
        method="PATCH",
        path=SETTINGS,
        scope="admin",
        handler=change_settings,
        body=SettingsPatch,
        answer=Answer[SettingsData],
        summary="Change the project's settings",
        tag="settings",
    ),
    Route(
        method="GET",
        path=f"{SETTINGS}/retention/preview",
        scope="admin",
        handler=preview_retention,
        query=RetentionQuery,
        answer=Answer[RetentionPreview],
        summary="What a retention would erase now",
        tag="settings",
    ),
    Route(
        method="POST",
        path=f"{SETTINGS}/redaction/preview",
        scope="admin",
        handler=preview_redaction,
        body=RedactionPreview,
        answer=Answer[RedactedText],
        errors=(Invalid,),
        summary="Try rules of redaction on a text",
        tag="settings",
    ),
)
