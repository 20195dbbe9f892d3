"""The project's pipelines by name."""

from kedro.pipeline import Pipeline

from crossmost.pipelines import (
    alignment,
    evaluation,
    ingestion,
    prediction,
    pretraining,
    rendering,
    reporting,
    selftraining,
    tuning,
    zeroshot,
)


def register_pipelines() -> dict[str, Pipeline]:
    """Every stage under its own name, and the main job ``selftrain``, which is also the default.

    Each stage is a namespace of its nodes, so that Kedro-Viz can fold it into one box; datasets keep their names.
    """
    created = {
        "ingestion": ingestion.create_pipeline(),
        "rendering": rendering.create_pipeline(),
        "pretraining": pretraining.create_pipeline(),
        "zeroshot": zeroshot.create_pipeline(),
        "selftraining": selftraining.create_pipeline(),
        "evaluation": evaluation.create_pipeline(),
        "reporting": reporting.create_pipeline(),
        "prediction": prediction.create_pipeline(),
        "crossmost_prediction": prediction.create_crossmost_pipeline(),
        "zeroshot_prediction": prediction.create_zeroshot_pipeline(),
        "picture_prediction": prediction.create_picture_pipeline(),
        "alignment": alignment.create_pipeline(),
        "tuning": tuning.create_pipeline(),
    }
    stages = {
        name: Pipeline(pipeline, namespace=name, prefix_datasets_with_namespace=False)
        for name, pipeline in created.items()
    }
    main_job = ("ingestion", "rendering", "zeroshot", "selftraining", "evaluation", "reporting")
    selftrain = sum((stages[name] for name in main_job), Pipeline([]))
    return {**stages, "selftrain": selftrain, "__default__": selftrain}
