"""The benchmark's specifications as data. Run by the swebench environment's interpreter: JSON in, JSON out.

In: a list of {instance_id, repo, version, test_patch}. Out: {swebench, versions: {version: spec}, tasks: {id: {version,
directives, image}}}; a task of an unknown version is in neither.
"""

import importlib.metadata
import json
import sys

import bare

bare.prepare()

from swebench.harness.constants import (
    MAP_REPO_TO_ENV_YML_PATHS,
    MAP_REPO_TO_REQS_PATHS,
    MAP_REPO_VERSION_TO_SPECS,
)
from swebench.harness.test_spec.python import get_test_directives
from swebench.harness.test_spec.test_spec import TestSpec

PATHS = {"requirements.txt": MAP_REPO_TO_REQS_PATHS, "environment.yml": MAP_REPO_TO_ENV_YML_PATHS}


def spec(repo, version):
    """A version's specification, with the paths that its `packages` stands for."""
    found = dict(MAP_REPO_VERSION_TO_SPECS[repo][version])
    kind = found.get("packages", "")
    return {**found, "paths": PATHS[kind].get(repo, []) if kind in PATHS else []}


def image(instance_id):
    """Name of the published image (amd64), as the project's own TestSpec words it."""
    blank = dict.fromkeys(TestSpec.__dataclass_fields__)
    blank |= {"instance_id": instance_id, "arch": "x86_64", "namespace": "swebench"}
    return TestSpec(**{**blank, "instance_image_tag": "latest"}).instance_image_key


def main():
    instances = json.load(sys.stdin)
    known = [task for task in instances if task["version"] in MAP_REPO_VERSION_TO_SPECS.get(task["repo"], {})]
    versions = {task["version"]: spec(task["repo"], task["version"]) for task in known}
    tasks = {
        task["instance_id"]: {
            "version": task["version"],
            "directives": get_test_directives(task),
            "image": image(task["instance_id"]),
        }
        for task in known
    }
    answer = {"swebench": importlib.metadata.version("swebench"), "versions": versions, "tasks": tasks}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
