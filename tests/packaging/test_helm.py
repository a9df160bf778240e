"""The Helm chart, rendered by Helm itself and held against the schemas of Kubernetes."""

import subprocess
from functools import cache
from pathlib import Path

import pytest
import yaml
from kubernetes_validate import latest_version, validate

from livingmap.config.loading import load

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "helm" / "livingmap"
EXAMPLES = sorted((CHART / "examples").glob("*.yaml"))
OLDEST = yaml.safe_load((CHART / "Chart.yaml").read_text())["kubeVersion"].removeprefix(">=")


@cache
def program() -> str:
    command = ROOT / "scripts" / "get_helm.sh"
    done = subprocess.run([command], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def helm(*arguments) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program(), *arguments], capture_output=True, text=True, timeout=60, check=False)


@cache
def rendered(*arguments) -> dict[str, dict]:
    """Return the objects that the chart makes of an example, by kind."""
    done = helm("template", "map", CHART, *arguments)
    assert done.returncode == 0, done.stderr
    return {one["kind"]: one for one in yaml.safe_load_all(done.stdout)}


def of(name: str) -> dict[str, dict]:
    return rendered("--values", CHART / "examples" / f"{name}.yaml")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_is_what_kubernetes_takes_and_a_configuration_that_loads(example, tmp_path, monkeypatch):
    done = helm("lint", "--strict", CHART, "--values", example)
    assert done.returncode == 0, done.stdout
    objects = of(example.stem)
    for kind, one in objects.items():
        if kind != "ServiceMonitor":  # a kind of the Prometheus operator
            validate(one, OLDEST, strict=True)
            validate(one, latest_version(), strict=True)
    file = tmp_path / "livingmap.yaml"
    file.write_text(objects["ConfigMap"]["data"]["livingmap.yaml"])
    [container] = objects["Deployment"]["spec"]["template"]["spec"]["containers"]
    for variable in container["env"]:
        monkeypatch.setenv(variable["name"], variable["value"])
    config = load(file)
    assert (config.server.host, config.server.port) == ("0.0.0.0", container["ports"][0]["containerPort"])


def test_the_order_of_the_sources_reaches_the_map():
    done = helm("template", "map", CHART, "--set-file", f"config={ROOT / 'config' / 'livingmap.yaml'}")
    [text] = [
        one["data"]["livingmap.yaml"] for one in yaml.safe_load_all(done.stdout) if one["kind"] == "ConfigMap"
    ]
    assert list(yaml.safe_load(text)["sources"]) == list(
        yaml.safe_load((ROOT / "config" / "livingmap.yaml").read_text())["sources"]
    )


def test_processes_without_a_shared_log_never_run_side_by_side():
    assert of("demo")["Deployment"]["spec"]["strategy"] == {"type": "Recreate"}
    assert "PodDisruptionBudget" not in of("demo")
    assert of("daarion")["Deployment"]["spec"]["strategy"]["type"] == "RollingUpdate"
    assert of("daarion")["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 1


def test_a_pod_has_no_rights_that_it_does_not_need_and_answers_its_probes():
    pod = of("daarion")["Deployment"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert not pod["automountServiceAccountToken"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    api = (ROOT / "docs" / "api.md").read_text()
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert f"`GET {container[probe]['httpGet']['path']}`" in api


def test_everything_selects_the_pods_of_the_release():
    objects = of("daarion")
    labels = objects["Deployment"]["spec"]["template"]["metadata"]["labels"].items()
    selectors = [
        objects["Deployment"]["spec"]["selector"]["matchLabels"],
        objects["Service"]["spec"]["selector"],
        objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        objects["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
        objects["NetworkPolicy"]["spec"]["ingress"][0]["from"][0]["podSelector"]["matchLabels"],
    ]
    assert all(selector.items() <= labels for selector in selectors)
    monitor = objects["ServiceMonitor"]["spec"]
    assert monitor["selector"]["matchLabels"].items() <= objects["Service"]["metadata"]["labels"].items()
    [endpoint] = monitor["endpoints"]
    assert endpoint["port"] == objects["Service"]["spec"]["ports"][0]["name"]
    assert endpoint["authorization"]["credentials"] == {"name": "livingmap", "key": "metrics-token"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (["config="], "minLength"),
        (["config=a: b: c"], "config: is not YAML"),
        (["config=sources: {city: }"], "config: the image has no PostgreSQL: set history.url"),
        (["replicas=2"], "needs a shared log: set nats.url"),
        (["replicas=2", "env[0].name=LIVINGMAP_NATS__URL"], "needs a shared history: set history.url"),
        (["serviceMonitor.tokenKey=token"], "set secret to its name"),
        (["ingress.enabled=true"], "minLength"),
        (["replica=2"], "additional properties 'replica' not allowed"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_values_that_cannot_work_are_refused(changes, reason):
    example = CHART / "examples" / "demo.yaml"
    done = helm("template", "map", CHART, "--values", example, *(f"--set={change}" for change in changes))
    assert done.returncode != 0
    assert reason in done.stderr
