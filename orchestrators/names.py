"""Names that outlive a deployment: histories and callers hold them, so renaming one is a breaking change."""

from __future__ import annotations

INGEST = "ingest"

PLAN_RUN = "plan_run"
TRANSFORM_UPLOADS = "transform_uploads"
PUBLISH_DATASET = "publish_dataset"
START_PIPELINE = "start_pipeline"
CHECK_PIPELINE = "check_pipeline"
REPORT_RUN = "report_run"
