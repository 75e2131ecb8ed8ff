"""Names that outlive a deployment: histories and callers hold them, so renaming one is a breaking change."""

from __future__ import annotations

INGEST = "ingest"
TELL_CALLERS = "tell_callers"
TRANSFORM_PARTS = "transform_parts"
COLLECT_UPLOADS = "collect_uploads"

PLAN_RUN = "plan_run"
TRANSFORM_UPLOADS = "transform_uploads"
TRANSFORM_PART = "transform_part"
REDUCE_PARTS = "reduce_parts"
PUBLISH_DATASET = "publish_dataset"
START_PIPELINE = "start_pipeline"
CHECK_PIPELINE = "check_pipeline"
CANCEL_PIPELINE = "cancel_pipeline"
REPORT_RUN = "report_run"
CALL_BACK = "call_back"
SETTLE_SET = "settle_set"

CANCEL = "cancel"
ARRIVED = "arrived"
