"""The names that type checkers know and editors suggest: `tox -e generate` writes them.

A parameter takes `Operation | str`: editors suggest the names, and patterns and computed ones are no errors.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

Operation: TypeAlias = Literal[
    "characters.create",
    "characters.list",
    "characters.retrieve",
    "characters.update",
    "characters.save",
    "characters.resynthesize",
    "characters.regenerate_ref",
    "characters.delete",
    "characters.uploads.init",
    "characters.uploads.classify",
    "characters.uploads.put",
    "images.create",
    "images.estimate",
    "images.list",
    "images.retrieve",
    "images.cancel",
    "videos.create",
    "videos.estimate",
    "videos.retrieve",
    "images.output",
    "videos.output",
    "files.create",
    "files.retrieve",
    "files.delete",
    "loras.list",
    "loras.retrieve",
    "video_loras.list",
    "video_loras.retrieve",
    "storage.get",
    "models.list",
    "chat.create",
    "chat.retrieve",
    "chat.cancel",
    "embeddings.create",
    "embeddings.estimate",
    "balance.retrieve",
    "team.retrieve",
    "pricing.retrieve",
    "usage.list",
    "usage.events",
    "webhook_endpoints.create",
    "webhook_endpoints.list",
    "webhook_endpoints.retrieve",
    "webhook_endpoints.delete",
    "webhook_endpoints.rotate_secret",
    "webhook_endpoints.test",
    "legacy.images.create",
    "legacy.images.estimate",
    "legacy.images.list",
    "legacy.images.retrieve",
    "legacy.images.cancel",
    "legacy.images.output",
    "legacy.videos.create",
    "legacy.videos.estimate",
    "legacy.videos.retrieve",
    "legacy.videos.output",
]
"""The name of an operation."""
ErrorCode: TypeAlias = Literal[
    "balance_too_low",
    "character_not_ready",
    "chat_cancel_target_already_terminal",
    "chat_cancel_target_not_cancellable",
    "chat_cancel_target_not_found",
    "chat_provider_unavailable",
    "chat_provider_unknown_error",
    "embeddings_batch_not_supported",
    "embeddings_input_too_large",
    "embeddings_input_too_many_items",
    "embeddings_provider_unknown_error",
    "embeddings_unsupported_dimensions",
    "embeddings_video_unsupported",
    "generation_not_cancellable",
    "idempotency_key_in_use",
    "insufficient_credits",
    "internal_error",
    "invalid_api_key",
    "invalid_format",
    "invalid_page_token",
    "invalid_request",
    "invalid_request_error",
    "max_input_tokens_exceeded",
    "max_tokens_exceeds_hard_cap",
    "method_not_allowed",
    "missing_api_key",
    "missing_field",
    "missing_scope",
    "model_wrong_kind",
    "mutually_exclusive_input",
    "output_expired",
    "output_not_available",
    "parameter_invalid_combination",
    "provider_timeout",
    "provider_unavailable",
    "resource_not_found",
    "response_format_unsupported",
    "too_many_buckets",
    "too_many_requests",
    "tool_choice_required_unsupported",
    "tpm_rate_limit_exceeded",
    "unknown_version",
    "unsupported_lora_for_mode",
    "upload_invalid",
    "value_out_of_range",
]
"""A code of an error response."""
Event: TypeAlias = Literal[
    "image.completed",
    "image.failed",
    "image.cancelled",
    "video.completed",
    "video.failed",
    "video.cancelled",
    "character.completed",
    "character.failed",
    "character.cancelled",
    "usage.balance_low",
    "webhook.endpoint_disabled",
]
"""The name of an event that webhooks deliver."""
Resource: TypeAlias = Literal[
    "characters",
    "images",
    "videos",
]
"""A resource with a lifecycle, which a script can play."""
CharacterStatus: TypeAlias = Literal[
    "synthesizing",
    "reviewing",
    "ready",
    "failed",
    "deleted",
]
"""The status of a character."""
GenerationStatus: TypeAlias = Literal[
    "pending",
    "processing",
    "succeeded",
    "failed",
    "cancelled",
    "expired",
    "moderation_rejected",
]
"""The status of an image or a video."""
Pose: TypeAlias = Literal[
    "portrait",
    "front",
    "side",
    "back",
    "other",
]
"""The pose that a picture shows."""
BucketName: TypeAlias = Literal[
    "characters_get",
    "characters_post",
    "characters_synthesize",
    "chat_post",
    "chat_tpm",
    "embeddings_post",
    "embeddings_tpm",
    "images_post",
    "videos_post",
    "estimate_post",
    "files_post",
    "webhooks_post",
    "webhooks_test",
    "reads",
]
"""The name of a rate bucket."""
ImageSize: TypeAlias = Literal[
    "2k_1_1",
    "2k_3_2",
    "2k_2_3",
    "2k_4_3",
    "2k_3_4",
    "2k_16_9",
    "2k_9_16",
    "2k_21_9",
    "4k_1_1",
    "4k_3_2",
    "4k_2_3",
    "4k_4_3",
    "4k_3_4",
    "4k_16_9",
    "4k_9_16",
    "4k_21_9",
]
"""The size of an image."""
Resolution: TypeAlias = Literal[
    "480p",
    "720p",
    "1080p",
]
"""The resolution of a video."""
Ratio: TypeAlias = Literal[
    "16:9",
    "4:3",
    "1:1",
    "3:4",
    "9:16",
    "21:9",
]
"""The aspect ratio of a video."""
Purpose: TypeAlias = Literal[
    "reference",
    "first_frame",
    "last_frame",
]
"""What a file is for."""
BadDayFault: TypeAlias = Literal[
    "refused",
    "timeout",
    "lost",
    "late",
    "unavailable",
    "hiccup",
    "down",
    "partly_down",
    "rate_limited",
    "broke",
    "garbled",
    "disconnect",
    "ends_early",
    "crash",
    "dies",
    "fails",
    "keeps_failing",
    "slow",
    "gone",
    "greased",
    "duplicate",
    "reorder",
    "drop",
    "bad_signature",
]
"""A fault that exploring tries."""
Law: TypeAlias = Literal[
    "pays_once",
    "spares",
    "ends",
    "tells",
    "returns",
    "no_pitfall",
    "recovers",
]
"""A law that exploring judges by."""
