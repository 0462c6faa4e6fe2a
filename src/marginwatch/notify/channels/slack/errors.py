"""What Slack's error words mean: those of ``chat.postMessage``, ``chat.update`` and incoming webhooks."""

from typing import Final

GONE: Final = frozenset(
    {
        "message_not_found",
        "cant_update_message",
        "edit_window_closed",
        "block_mismatch",
        "streaming_state_conflict",
    }
)
"""An earlier message cannot be changed; a new one can be sent."""

_AUTH = (
    "invalid_auth not_authed account_inactive token_revoked token_expired missing_scope no_permission access_denied "
    "not_allowed_token_type org_login_required ekm_access_denied accesslimited team_access_not_granted "
    "enterprise_is_restricted two_factor_setup_required restricted_action restricted_action_read_only_channel "
    "restricted_action_thread_only_channel restricted_action_non_threadable_channel action_prohibited "
    "posting_to_general_channel_denied invalid_token"
)
_NOT_FOUND = (
    "channel_not_found not_in_channel is_archived is_inactive team_not_found user_not_found channel_is_archived "
    "no_service no_service_id no_team team_disabled no_active_hooks"
)
_TOO_LONG = "msg_too_long msg_blocks_too_long"
_SERVER = (
    "internal_error fatal_error service_unavailable request_timeout update_failed team_added_to_org rollup_error "
    "external_channel_migrating"
)
_RATE = "ratelimited rate_limited message_limit_exceeded"

REASONS: Final = {
    word: (reason, retryable)
    for words, reason, retryable in (
        (_AUTH, "auth", False),
        (_NOT_FOUND, "not_found", False),
        (_TOO_LONG, "too_long", False),
        (_SERVER, "server", True),
        (_RATE, "rate_limited", True),
    )
    for word in words.split()
}
"""Error word → our reason, and whether to try again; all others are ``rejected`` for good."""
