"""The project's pipelines by name."""

from kedro.pipeline import Pipeline

from crossmost.pipelines import (
    evaluation,
    ingestion,
    prediction,
    pretraining,
    rendering,
    reporting,
    selftraining,
    zeroshot,
)


def register_pipelines() -> dict[str, Pipeline]:
    """Every stage under its own name, and the main job ``selftrain``, which is also the default."""
    stages = {
        "ingestion": ingestion.create_pipeline(),
        "rendering": rendering.create_pipeline(),
        "pretraining": pretraining.create_pipeline(),
        "zeroshot": zeroshot.create_pipeline(),
        "selftraining": selftraining.create_pipeline(),
        "evaluation": evaluation.create_pipeline(),
        "reporting": reporting.create_pipeline(),
        "prediction": prediction.create_pipeline(),
    }
    apart = ("pretraining", "prediction")
    selftrain = sum((stage for name, stage in stages.items() if name not in apart), Pipeline([]))
    return {**stages, "selftrain": selftrain, "__default__": selftrain}
