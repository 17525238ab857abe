"""A profile and the real ZenML 0.98.0: what differs, what is sent, what is taken over."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import real_zenml
import yaml
from machines import Team
from watchers import setting, until, watching

from tests.cli.conftest import Run, run  # noqa: F401 - a fixture
from tests.live_zenml.conftest import Kept
from zenprofile import resources
from zenprofile.core.change import as_json
from zenprofile.core.entity import Key
from zenprofile.errors import Exists, Invalid, NotFound, Unreachable
from zenprofile.machine.profiles import Profiles
from zenprofile.store.base import Store
from zenprofile.usecases import components, entities, flavors, stacks
from zenprofile.usecases import profiles as usecase
from zenprofile.usecases import zenml as live
from zenprofile.usecases.entities import Details
from zenprofile.zenml.process import ZenML, ZenmlRefused

pytestmark = pytest.mark.xdist_group("zenml")
pytest_plugins = ("teams",)
PARTS = {"orchestrator": "default"}


@pytest.fixture
def store() -> Store:
    """Make a profile with its defaults, and return its store."""
    profiles = Profiles()
    usecase.create(profiles, usecase.CreateOptions("p"), 30.0)
    with profiles.edit() as state:
        state.active = "p"
    return usecase.open_profile(profiles, profiles.find("p"), 30.0)


def component(store: Store, type_: str, name: str, flavor: str, *settings: str, **labels: str) -> None:
    details = Details(labels=tuple((key.replace("_", "."), value) for key, value in labels.items()))
    components.register(
        store, Key("component", type_, name), flavor, components.parse_configuration_change(settings), details
    )


def stack(store: Store, name: str, *pairs: str, description: str | None = None, **labels: str) -> None:
    given = [stacks.pair(text) for text in ("orchestrator=default", *pairs)]
    stacks.register(store, name, given, Details(description, tuple(labels.items())))


def apply(zenml: Kept, store: Store, **wanted: Any) -> list[str]:
    done: list[str] = []
    live.apply(zenml, store, live.PlanOptions("p", **wanted), lambda step: done.append(step.words), dry=False)
    return done


def differences(zenml: Kept, store: Store) -> list[dict[str, Any]]:
    return [as_json(changed) for changed in live.diff(zenml, store, live.PlanOptions("p"))[0].changes]


def named(zenml: Kept, kind: str, name: str) -> dict[str, Any]:
    return next(found for found in zenml.read()[f"{kind}s"] if found["name"] == name)


def test_apply_makes_what_the_profile_has_and_then_sends_nothing(zenml: Kept, store: Store) -> None:
    component(store, "artifact_store", "s3", "s3", "path=s3://b", "key={{aws.key}}", team="ml")
    component(store, "step_operator", "gpu-large", "vertex", "region=eu", "project=p")
    component(store, "step_operator", "gpu", "vertex", "region=eu", "project=q")
    component(store, "container_registry", "reg", "default", "uri=localhost:5000/")  # ZenML takes the slash away
    pairs = ("artifact_store=s3", "step_operator=gpu", "step_operator=gpu-large", "container_registry=reg")
    stack(store, "prod", *pairs, description="for nights", tier="one")
    plan = live.apply(zenml, store, live.PlanOptions("p"), lambda step: None, dry=True)
    assert "component/metadata_store/default is left out: ZenML 0.98 has no metadata_store" in plan.notes
    assert len(zenml.read()["stacks"]) == 1  # a dry run sends nothing

    assert len(apply(zenml, store)) == len(plan.steps)

    made = named(zenml, "stack", "prod")
    assert made["description"] == "for nights"
    assert made["labels"] == {"tier": "one", "zenprofile.profile": "p"}
    ids = {c["id"]: c["name"] for c in zenml.read()["components"]}
    assert [ids[id_] for id_ in made["components"]["step_operator"]] == ["gpu", "gpu-large"]
    assert named(zenml, "component", "s3")["configuration"] == {"path": "s3://b", "key": "{{aws.key}}"}
    assert named(zenml, "component", "reg")["configuration"] == {"uri": "localhost:5000"}
    before = zenml.read()
    assert differences(zenml, store) == []
    assert apply(zenml, store) == []
    assert zenml.read() == before


def test_only_what_differs_is_sent(zenml: Kept, store: Store) -> None:
    component(store, "orchestrator", "k8s", "kubernetes", "kubernetes_namespace=a", "synchronous=false", team="ml")
    component(store, "artifact_store", "s3", "s3", "path=s3://b", 'client_kwargs:={"a": 1, "b": {"c": 2}}')
    stack(store, "prod", "artifact_store=s3")
    apply(zenml, store)
    details = Details(labels=(("team", "ops"),))
    key = Key("component", "orchestrator", "k8s")
    wanted = components.parse_configuration_change(["kubernetes_namespace=b"], ["synchronous"])
    components.update(store, key, wanted, details)
    key = Key("component", "artifact_store", "s3")
    components.update(store, key, components.parse_configuration_change(['client_kwargs:={"b": {"d": 3}}']))
    stacks.update(store, "prod", [("orchestrator", "k8s")])
    rows = {(row["kind"], row["name"]): row["fields"] for row in differences(zenml, store)}
    assert rows["stack", "prod"] == [{"path": "components.orchestrator", "before": "default", "after": "k8s"}]
    assert {field["path"] for field in rows["component", "k8s"]} == {
        "labels.team",
        "configuration.kubernetes_namespace",
        "configuration.synchronous",
    }
    assert len(apply(zenml, store)) == 3
    assert named(zenml, "component", "k8s")["configuration"] == {"kubernetes_namespace": "b"}
    assert named(zenml, "component", "s3")["configuration"]["client_kwargs"] == {"b": {"d": 3}}
    assert apply(zenml, store) == []


def test_a_default_that_one_side_leaves_out_is_no_difference(zenml: Kept, store: Store) -> None:
    component(store, "orchestrator", "k8s", "kubernetes", "synchronous=true")
    zenml.component("orchestrator", "k8s", "kubernetes", privileged=False)
    assert differences(zenml, store) == []


def test_names_are_matched_exactly(zenml: Kept, store: Store) -> None:
    zenml.component("artifact_store", "gpu-large", "local", path="/a")
    zenml.component("artifact_store", "GPU", "local", path="/b")
    component(store, "artifact_store", "gpu", "s3", "path=s3://b")
    stack(store, "prod", "artifact_store=gpu")
    apply(zenml, store)
    made = named(zenml, "stack", "prod")["components"]["artifact_store"]
    assert made == [named(zenml, "component", "gpu")["id"]]


def test_prune_takes_away_only_what_an_apply_of_this_profile_made(zenml: Kept, store: Store) -> None:
    zenml.component("artifact_store", "theirs", "local", path="/a")
    zenml.component("artifact_store", "other", "s3", path="s3://x", labels={"zenprofile.profile": "q"})
    for name in ("a", "b"):
        component(store, "artifact_store", name, "s3", f"path=s3://{name}")
        stack(store, name, f"artifact_store={name}")
    component(store, "artifact_store", "c", "s3", "path=s3://c")
    apply(zenml, store)
    zenml.stack("hers", artifact_store=[named(zenml, "component", "c")["id"]])
    entities.delete(store, Key("stack", "", "a"), Key("component", "artifact_store", "a"))
    entities.delete(store, Key("component", "artifact_store", "c"))
    assert {(row["name"], row["action"]) for row in differences(zenml, store)} == {
        (name, "removed") for name in ("a", "c", "theirs", "other", "hers")
    }
    assert apply(zenml, store) == []
    plan = live.apply(zenml, store, live.PlanOptions("p", prune=True), lambda step: None, dry=False)
    assert any("component/artifact_store/c stays" in note and "hers" in note for note in plan.notes)
    names = {found["name"] for kind in ("stacks", "components") for found in zenml.read()[kind]}
    assert names == {"default", "b", "c", "hers", "theirs", "other"}
    assert apply(zenml, store, prune=True) == []


def test_an_apply_that_was_stopped_goes_on(zenml: Kept, store: Store) -> None:
    component(store, "artifact_store", "a", "s3", "path=s3://a")
    component(store, "artifact_store", "b", "s3", "path={{a.b}}")  # ZenML takes no reference there
    stack(store, "prod", "artifact_store=b")
    with pytest.raises(
        ZenmlRefused, match=r"could not register component/artifact_store/b: .*\(1 of 3 steps were done\)"
    ):
        apply(zenml, store)
    components.update(
        store, Key("component", "artifact_store", "b"), components.parse_configuration_change(["path=s3://b"])
    )
    assert apply(zenml, store) == ["register component/artifact_store/b", "register stack/prod"]
    assert apply(zenml, store) == []


def test_another_flavor_takes_the_place_of_what_apply_made(zenml: Kept, store: Store) -> None:
    component(store, "artifact_store", "a", "s3", "path=s3://a")
    stack(store, "prod", "artifact_store=a")
    apply(zenml, store)
    old = named(zenml, "component", "a")["id"]
    settings = components.parse_configuration_change(["path=gs://a"])
    components.update(store, Key("component", "artifact_store", "a"), settings, flavor="gcp")
    apply(zenml, store)
    new = named(zenml, "component", "a")
    assert new["flavor"] == "gcp"
    assert named(zenml, "stack", "prod")["components"]["artifact_store"] == [new["id"]]
    assert old not in {found["id"] for found in zenml.read()["components"]}
    assert apply(zenml, store, prune=True) == []


def test_what_cannot_be_in_zenml_is_refused_before_anything_is_sent(zenml: Kept, store: Store) -> None:
    zenml.component("artifact_store", "theirs", "local", path="/a")
    component(store, "artifact_store", "theirs", "s3", "path=s3://a")
    component(store, "artifact_store", "variable", "s3", "path=s3://a", "key=${env:KEY}")
    component(store, "artifact_store", "connected", "s3", "path=s3://a", zenml_connector="gone")
    component(store, "orchestrator", "o2", "local")
    flavors.register(store, Key("flavor", "artifact_store", "mine"), {"type": "object"})
    component(store, "artifact_store", "unknown", "mine")
    stack(store, "no-store")
    stack(store, "two", "artifact_store=default", "orchestrator=o2")
    before = zenml.read()
    with pytest.raises(Invalid) as refused:
        apply(zenml, store)
    said = [problem.message for problem in refused.value.problems]
    for words in (
        "theirs: ZenML has one of flavor 'local'",
        "variable: key is a variable",
        "no service connector 'gone'",
        "knows no artifact_store flavor 'mine'",
        "no-store: it has no artifact_store",
        "takes one orchestrator",
    ):
        assert any(words in message for message in said), (words, said)
    assert zenml.read() == before
    apply(zenml, store, stacks=frozenset(["default"]))  # ZenML's own, left alone
    assert zenml.read() == before


def test_pull_takes_everything_over_and_then_nothing(zenml: Kept, store: Store) -> None:
    registry = zenml.component("container_registry", "we ird@x", "default", uri="localhost:5000", labels={"n": "1"})
    s3 = zenml.component("artifact_store", "s3", "s3", path="s3://b", key="k-in-plain-text", token="{{aws.token}}")
    gpus = [zenml.component("step_operator", name, "vertex", region="eu")["id"] for name in ("gpu", "cpu")]
    made = zenml.stack("prod", container_registry=[registry["id"]], artifact_store=[s3["id"]], step_operator=gpus)
    zenml.zenml.ask("update_stack", id=made["id"], description="by hand")
    recorded, notes = live.pull(zenml, store, "")
    assert len(recorded.changes) == 5
    assert any("zenml secret create s3 --key=VALUE" in note for note in notes)
    assert "k-in-plain-text" not in str(recorded) + str(notes)
    found = {str(entity.key): entity.data for entity in store.snapshot().load().entities}
    assert found["stack/prod"]["components"] == {
        "orchestrator": "default",
        "artifact_store": "s3",
        "container_registry": "we-ird-x",
        "step_operator": ["gpu", "cpu"],
    }
    assert found["stack/prod"]["description"] == "by hand"
    assert found["component/container_registry/we-ird-x"]["labels"] == {"n": "1", "zenml.name": "we ird@x"}
    assert live.pull(zenml, store, "")[0].changes == ()
    # What differs is the secret, which ZenML has in plain text; it is not shown.
    [row] = differences(zenml, store)
    assert row["fields"] == [{"path": "configuration.key", "before": "***", "after": "{{s3.key}}"}]


def test_pull_keeps_comments_references_and_what_zenml_does_not_know(zenml: Kept, store: Store) -> None:
    component(store, "artifact_store", "s3", "s3", "path=s3://a", "key={{aws.key}}")
    stack(store, "prod", "artifact_store=s3", "metadata_store=default")
    apply(zenml, store)
    key = Key("component", "artifact_store", "s3")
    text = store.snapshot().text(key) or ""
    assert live.pull(zenml, store, "")[0].changes == ()
    changes = {"configuration": {"path": "s3://b", "key": "now-in-plain-text"}}
    zenml.zenml.ask("update_component", id=named(zenml, "component", "s3")["id"], type="artifact_store", **changes)
    assert live.pull(zenml, store, "")[0].changes[0].action == "changed"
    assert store.snapshot().text(key) == text.replace("s3://a", "s3://b")


@pytest.mark.slow
def test_a_custom_flavor_comes_with_the_schema_that_zenml_has(zenml: Kept, store: Store) -> None:
    key = Key("flavor", "artifact_store", "lake")
    real_zenml.command(zenml.folder, "artifact-store", "flavor", "register", "lake_flavor.LakeFlavor")
    assert [changed.key for changed in live.import_flavors(zenml, store, (), "").changes] == [key]
    assert live.import_flavors(zenml, store, (("", "lake"),), "").changes == ()
    with pytest.raises(Exists, match="ships with zenprofile"):
        live.import_flavors(zenml, store, (("", "s3"),), "")
    with pytest.raises(NotFound, match="no flavor 'nope'"):
        live.import_flavors(zenml, store, (("", "nope"),), "")
    with pytest.raises(Invalid, match="lake_token"):
        component(store, "artifact_store", "a", "lake", "path=lake://a", "lake_token=plain")
    component(store, "artifact_store", "a", "lake", "path=lake://a", "retries=5", "lake_token={{lake.token}}")
    apply(zenml, store)
    assert apply(zenml, store) == []
    # And into a profile that knows nothing of it.
    entities.delete(store, Key("component", "artifact_store", "a"))
    entities.delete(store, key)
    assert {changed.key.name for changed in live.pull(zenml, store, "")[0].changes} == {"lake", "a"}
    assert differences(zenml, store) == []


def test_zenml_that_ends_in_the_middle_is_told_with_what_was_done(zenml: Kept, store: Store) -> None:
    component(store, "artifact_store", "a", "s3", "path=s3://a")
    stack(store, "prod", "artifact_store=a")
    session = live.ZenmlConnection("", str(zenml.folder.parent), 60.0)

    class Ending:
        """The session, whose process ends after the first step."""

        @contextmanager
        def open(self) -> Iterator[ZenML]:
            with session.open() as own:
                self.own = own
                yield own

    ending = Ending()

    def end(_: object) -> None:
        assert ending.own._process is not None
        ending.own._process.kill()

    with pytest.raises(ZenmlRefused, match=r"could not register stack/prod: .* \(1 of 2 steps were done\)"):
        live.apply(ending, store, live.PlanOptions("p"), end, dry=False)
    assert apply(zenml, store) == ["register stack/prod"]


@pytest.mark.slow
def test_a_server_that_stops_in_the_middle_is_exit_4_and_apply_goes_on_from_there(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    component(store, "artifact_store", "a", "s3", "path=s3://a")
    stack(store, "prod", "artifact_store=a")
    server = real_zenml.Server(tmp_path / "server")
    server.start()
    try:
        client = {**real_zenml.environment(tmp_path / "client"), "ZENML_STORE_URL": server.url}
        for name, value in {**client, "ZENML_STORE_API_TOKEN": server.token()}.items():
            monkeypatch.setenv(name, value)
        session = live.ZenmlConnection("", str(tmp_path), 60.0)
        with pytest.raises(Unreachable, match=r"could not register stack/prod: .* \(1 of 2 steps were done\)"):
            live.apply(session, store, live.PlanOptions("p"), lambda step: server.kill(), dry=False)
        server.start()
        done: list[str] = []
        live.apply(session, store, live.PlanOptions("p"), lambda step: done.append(step.words), dry=False)
        assert done == ["register stack/prod"]
        assert live.apply(session, store, live.PlanOptions("p"), lambda step: None, dry=False).steps == []
    finally:
        server.kill()


@pytest.mark.slow
def test_a_component_is_connected_as_its_labels_say(zenml: Kept, store: Store) -> None:
    real_zenml.script(
        zenml.folder,
        "from zenml.client import Client\n"
        "for name in ('hub', 'other'):\n"
        "    Client().create_service_connector(name=name, connector_type='docker', auth_method='password',\n"
        "        configuration={'username': 'u', 'password': 'p'}, resource_type='docker-registry',\n"
        "        verify=False, list_resources=False)\n",
    )
    component(store, "container_registry", "c", "default", "uri=docker.io/acme", zenml_connector="hub")
    assert apply(zenml, store) == ["register component/container_registry/c", "connect component/container_registry/c"]
    assert named(zenml, "component", "c")["connector"] == "hub"
    assert apply(zenml, store) == []
    assert live.pull(zenml, store, "")[0].changes == ()
    entities.describe(
        store, Key("component", "container_registry", "c"), Details(labels=(("zenml.connector", "other"),))
    )
    assert apply(zenml, store) == ["update component/container_registry/c"]
    assert named(zenml, "component", "c")["connector"] == "other"
    assert apply(zenml, store) == []


@pytest.mark.slow
def test_a_server_that_is_not_there_is_exit_4(zenml: Kept, store: Store, run: Run, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "config").mkdir()
    settings = yaml.safe_load((zenml.folder / "config.yaml").read_text())
    settings["store"] = {"type": "rest", "url": "http://127.0.0.1:9", "api_token": "x"}
    (tmp_path / "config" / "config.yaml").write_text(yaml.safe_dump(settings))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZENML_CONFIG_PATH", str(tmp_path / "config"))
        assert run("-o json zenml diff", fails=4).error["code"] == "unreachable"


def test_every_schema_of_zenml_may_be_registered(zenml: Kept) -> None:
    refused = resources.catalog().refusals
    known = [flavor for flavor in zenml.read()["flavors"] if not flavor["custom"]]
    assert len(known) == 82
    assert [flavor["name"] for flavor in known if refused(flavor["schema"])] == []


@pytest.mark.slow
def test_the_commands(zenml: Kept, store: Store, run: Run, tmp_path: Path) -> None:  # noqa: F811
    component(store, "artifact_store", "s3", "s3", "path=s3://b")
    stack(store, "prod", "artifact_store=s3")
    rows = run("-o json zenml diff --exit-code", fails=1).json
    assert [(row["name"], row["action"]) for row in rows] == [("s3", "added"), ("prod", "added")]
    assert "Done: register stack/prod." in run("zenml apply").out
    # ZenML's own file, imported into another profile, is the same stack; and ZenML takes ours.
    real_zenml.command(zenml.folder, "stack", "export", "prod", str(tmp_path / "theirs.yaml"))
    written = run("stack export prod --format zenml").out
    assert yaml.safe_load(written) == yaml.safe_load((tmp_path / "theirs.yaml").read_text())
    assert run("-o json stack import theirs.yaml").json == {}
    (tmp_path / "ours.yaml").write_text(written.replace("stack_name: prod", "stack_name: copy"))
    real_zenml.command(zenml.folder, "stack", "import", str(tmp_path / "ours.yaml"))
    pulled = run("-o json zenml pull").json
    assert [change["name"] for change in pulled["changes"]] == ["copy"]


def test_a_watcher_applies_what_a_pull_brings(zenml: Kept, team: Team) -> None:
    ana, ben = team.ana, team.ben
    said = ana.home / "said"
    setting(ana, "poll=1s", f"on_change={sys.executable} -m zenprofile --profile team zenml apply >{said} 2>&1")
    surroundings = [f"{name}={value}" for name, value in real_zenml.environment(zenml.folder).items()]
    with watching(ana, wrapper=("env", *surroundings)) as watcher:
        ben.commit((Key("stack", "", "new"), {"name": "new", "components": {**PARTS, "artifact_store": "s3"}}))
        ben.git("push", "-q")
        watcher.told("pulled", "new")
        # What the hook prints is waited for, and not ZenML: that is one file, which it may lock for too long.
        until(lambda: said.exists() and "Done: register stack/new" in said.read_text(), "it is applied", 300)
        ids = {c["id"]: c["name"] for c in zenml.read()["components"]}
        made = named(zenml, "stack", "new")["components"]
        assert [ids[id_] for id_ in made["artifact_store"]] == ["s3"]
        watcher.is_in("watching")
        assert "note" not in [row["event"] for row in watcher.lines]


def test_without_zenml_it_says_which_python_it_looked_in(
    run: Run,  # noqa: F811
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    error = run("-o json zenml diff --python", sys.executable, fails=1).error
    assert "has no ZenML" in error["message"]
    assert "--python PATH" in error["hint"]
    assert "there is no program" in run("zenml diff --python /no/python", fails=1).err
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert "not found" in run("zenml diff", fails=1).err


@pytest.mark.parametrize(("version", "said"), [("0.70.0", "install zenml 0.98"), ("1.2.0", "upgrade zenprofile")])
def test_another_release_of_zenml_is_refused_by_name(
    run: Run,  # noqa: F811
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
    said: str,
) -> None:
    package = tmp_path / "site" / "zenml"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(f"__version__ = '{version}'\n")
    (package / "client.py").write_text("class Client: ...\n")
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    error = run("-o json zenml diff --python", sys.executable, fails=1).error
    assert f"has ZenML {version}" in error["message"]
    assert said in error["hint"]
