"""The layout of SWE-Bench-CL's file around its tasks."""

from collections import Counter


def benchmark(sequences: list[dict]) -> dict:
    """The content of a benchmark file. It has no generation date, so that equal tasks make equal bytes."""
    return {
        "metadata": {
            "name": "SWE-Bench-CL",
            "description": "A continual learning adaptation of the SWE-Bench dataset",
            "version": "1.0.0",
            "num_sequences": len(sequences),
            "total_tasks": sum(one["num_tasks"] for one in sequences),
            "repositories": [one["repo"] for one in sequences],
            "generation_date": None,
        },
        "sequences": sequences,
    }


def sequence(repo: str, tasks: list[dict]) -> dict:
    """One repository's tasks, with what is counted over them."""
    return {
        "id": f"{repo.replace('/', '_')}_sequence",
        "repo": repo,
        "num_tasks": len(tasks),
        "statistics": statistics(tasks),
        "tasks": tasks,
    }


def statistics(tasks: list[dict]) -> dict:
    """Tasks by difficulty score, and how many depend on earlier ones (in percent, as published)."""
    scores = Counter(str(task["continual_learning"]["difficulty_score"]) for task in tasks)
    dependent = sum(bool(task["continual_learning"]["dependencies"]) for task in tasks)
    return {
        "difficulty_distribution": dict(sorted(scores.items())),
        "tasks_with_dependencies": dependent,
        "dependency_rate": round(100 * dependent / len(tasks), 2) if tasks else 0.0,
    }
