import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zenprofile.core import profile_check
from zenprofile.core.change import Change, Edit
from zenprofile.core.document import writer
from zenprofile.core.entity import DEFAULTS, Key, key_of
from zenprofile.drivers.memory import DRIVER
from zenprofile.errors import Ambiguous, Exists, InUse, Invalid, NotFound, UsageError
from zenprofile.store.base import Options
from zenprofile.usecases import components, entities, flavors, lookup, people, stacks
from zenprofile.usecases.components import parse_configuration_change
from zenprofile.usecases.entities import Details

NUMBERS = itertools.count()
S3 = Key("component", "artifact_store", "s3")


@pytest.fixture
def store():
    defaults = Change(tuple(Edit(key, None, writer.write(key.kind, data)) for key, data in DEFAULTS))
    return DRIVER.create(f"memory:{__name__}-{next(NUMBERS)}", Options(), defaults)


def put(store, kind, text, **data):
    key = key_of(kind, data)
    store.apply(Change((Edit(key, None, text),)))
    return key


def data(store, key):
    return store.snapshot().get(key).data


def s3(store, name="s3", **details):
    components.register(
        store, S3._replace(name=name), "s3", parse_configuration_change(["path=s3://a"]), Details(**details)
    )
    return S3._replace(name=name)


def test_a_component_is_registered_with_its_settings_typed(store):
    key = Key("component", "annotator", "labels")

    recorded = components.register(
        store, key, "label_studio", parse_configuration_change(["port=80"]), Details("why", (("a", "b"),))
    )

    assert recorded.changes[0].action == "added"
    assert data(store, key) == {
        "name": "labels",
        "type": "annotator",
        "flavor": "label_studio",
        "description": "why",
        "labels": {"a": "b"},
        "configuration": {"port": 80},
    }


def test_a_name_is_taken_in_every_case(store):
    s3(store)

    with pytest.raises(Exists):
        s3(store, "S3")


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "con", "a" * 129, "a\n", "ä"])
def test_a_name_that_breaks_the_rule_reaches_no_store(store, name):
    for write in (
        lambda: s3(store, name),
        lambda: entities.rename(store, s3(store), name),
        lambda: entities.copy(store, S3, name),
    ):
        with pytest.raises(Invalid):
            write()


def test_an_unknown_flavor_says_how_to_register_one(store):
    with pytest.raises(Invalid) as caught:
        components.register(store, S3, "s33", parse_configuration_change(["path=x"]))

    assert "flavor register" in caught.value.hint


def test_a_value_of_the_wrong_type_is_refused_by_the_schema(store):
    with pytest.raises(Invalid):
        components.register(
            store, Key("component", "annotator", "a"), "label_studio", parse_configuration_change(["port=many"])
        )


def test_a_secret_in_plain_text_is_refused_and_not_repeated(store):
    with pytest.raises(Invalid) as caught:
        components.register(store, S3, "s3", parse_configuration_change(["path=s3://a", "secret=hunter2hunter2"]))

    assert "hunter2" not in str([caught.value.message, caught.value.hint, caught.value.problems])


def test_an_update_keeps_what_it_does_not_touch(store):
    text = "# mine\nname: s3\ntype: artifact_store\nflavor: s3\nconfiguration:\n  # bucket\n  path: s3://a   # old\n"
    put(store, "component", text, name="s3", type="artifact_store")

    components.update(
        store, S3, parse_configuration_change(["path=s3://b", "client_kwargs.region=eu"]), Details(labels=(("x", "y"),))
    )

    after = store.snapshot().text(S3)
    assert "# mine\n" in after
    assert "path: s3://b   # old\n" in after
    assert data(store, S3)["configuration"] == {"path": "s3://b", "client_kwargs": {"region": "eu"}}
    assert data(store, S3)["labels"] == {"x": "y"}


def test_an_update_that_changes_nothing_records_nothing(store):
    s3(store)
    head = store.head()

    assert not components.update(store, S3, parse_configuration_change(["path=s3://a"])).changes
    assert store.head() == head


def test_unset_takes_a_setting_away(store):
    components.register(store, S3, "s3", parse_configuration_change(["path=s3://a", "authentication_secret=x"]))

    components.update(store, S3, parse_configuration_change([], ["authentication_secret"]))

    assert data(store, S3)["configuration"] == {"path": "s3://a"}


def test_labels_and_description_go_again(store):
    s3(store, description="why", labels=(("a", "1"), ("b", "2")))

    components.update(store, S3, details=Details("", unset_labels=("a",)))

    assert "description" not in data(store, S3)
    assert data(store, S3)["labels"] == {"b": "2"}
    with pytest.raises(NotFound, match="no label 'a'"):
        components.update(store, S3, details=Details(unset_labels=("a",)))


def test_a_renamed_component_is_renamed_in_its_stacks_in_one_change(store):
    s3(store)
    text = "name: a\n# which\ncomponents:\n  artifact_store: [default, s3]  # two\n"
    stack = put(store, "stack", text, name="a")
    other = put(store, "stack", "name: b\ncomponents: {artifact_store: s3, orchestrator: default}\n", name="b")
    head = int(store.head())

    recorded = entities.rename(store, S3, "gcs")

    assert int(store.head()) == head + 1
    assert {str(changed.key) for changed in recorded.changes} >= {"stack/a", "stack/b"}
    assert store.snapshot().text(stack) == text.replace("s3", "gcs")
    assert data(store, other)["components"]["artifact_store"] == "gcs"
    assert store.snapshot().get(S3) is None


def test_a_rename_leaves_components_of_other_types_alone(store):
    entities.rename(store, Key("component", "artifact_store", "default"), "mine")

    components_ = data(store, Key("stack", "", "default"))["components"]
    assert components_ == {"orchestrator": "default", "metadata_store": "default", "artifact_store": "mine"}


def test_a_rename_may_only_change_case(store):
    s3(store)
    stacks.register(store, "a", [("artifact_store", "s3")])

    entities.rename(store, S3, "S3")

    assert [key.name for key in store.snapshot().keys("component", "artifact_store")] == ["S3", "default"]
    assert data(store, Key("stack", "", "a"))["components"] == {"artifact_store": "S3"}


def test_a_rename_to_a_taken_name_changes_nothing(store):
    s3(store)
    head = store.head()

    with pytest.raises(Exists):
        entities.rename(store, S3, "Default")
    assert store.head() == head


def test_a_rename_to_the_same_name_records_nothing(store):
    assert not entities.rename(store, s3(store), "s3").changes


def test_a_document_that_cannot_be_read_does_not_stop_a_rename(store):
    s3(store)
    store._log.moments[-1][1][Key("stack", "", "broken")] = "name: [\n"

    entities.rename(store, S3, "gcs")

    assert data(store, S3._replace(name="gcs"))["flavor"] == "s3"


def test_a_copy_keeps_comments(store):
    put(store, "component", "# mine\nname: s3\ntype: artifact_store\nflavor: local\n", name="s3", type="artifact_store")

    entities.copy(store, S3, "s4")

    assert store.snapshot().text(S3._replace(name="s4")) == "# mine\nname: s4\ntype: artifact_store\nflavor: local\n"


def test_a_component_in_use_is_not_deleted_and_the_stacks_are_named(store):
    s3(store)
    for name in ("one", "two"):
        stacks.register(store, name, [("artifact_store", "s3")])

    with pytest.raises(InUse, match=r"(?s)one.*two"):
        entities.delete(store, S3)
    assert store.snapshot().get(S3)


def test_a_document_that_cannot_be_read_can_be_deleted(store):
    key = Key("stack", "", "broken")
    store._log.moments[-1][1][key] = "name: [\n"

    entities.delete(store, key)

    assert store.snapshot().text(key) is None


def test_what_does_not_exist_is_said_with_the_nearest_name(store):
    s3(store, "s3-prod")

    with pytest.raises(NotFound) as caught:
        lookup.find(store.snapshot(), "component", "s3-prd")
    assert "s3-prod" in caught.value.hint
    for act in (
        lambda: entities.delete(store, S3),
        lambda: entities.rename(store, S3, "x"),
        lambda: entities.copy(store, S3, "x"),
        lambda: components.update(store, S3),
    ):
        with pytest.raises(NotFound):
            act()


def test_a_name_that_several_have_names_the_option(store):
    with pytest.raises(Ambiguous) as caught:
        lookup.find(store.snapshot(), "component", "default")

    assert "--type" in caught.value.hint
    assert lookup.find(store.snapshot(), "component", "default", "orchestrator").type == "orchestrator"


REFERRED = [
    ("stack/default", "stack/default"),
    ("component/orchestrator/default", "component/orchestrator/default"),
    ("component/s3", "component/artifact_store/s3"),
    ("artifact_store/s3", "component/artifact_store/s3"),
    ("s3", "component/artifact_store/s3"),
]


@pytest.mark.parametrize(("text", "key"), REFERRED)
def test_an_entity_is_named_in_several_ways(store, text, key):
    s3(store)

    assert str(lookup.resolve(store.snapshot(), text)) == key


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("default", Ambiguous),
        ("component/default", Ambiguous),
        ("nothing", NotFound),
        ("stack/nothing", NotFound),
        ("stack/orchestrator/default", UsageError),
        ("thing/x", UsageError),
        ("stack/", UsageError),
        ("component/thing/x", UsageError),
    ],
)
def test_what_names_no_entity_is_refused(store, text, error):
    with pytest.raises(error):
        lookup.resolve(store.snapshot(), text)


def test_component_types_are_taken_with_hyphens_and_the_nearest_is_named():
    assert lookup.component_type("artifact-store") == "artifact_store"
    with pytest.raises(UsageError) as caught:
        lookup.component_type("artefact_store")
    assert "artifact_store" in caught.value.hint


def test_json_shows_kind_revision_and_lists(store):
    stack = store.snapshot().get(Key("stack", "", "default"))

    shown = lookup.as_json(stack)

    assert list(shown) == ["kind", "name", "components", "revision"]
    assert shown["components"]["orchestrator"] == ["default"]
    assert shown["revision"] == stack.revision


def test_a_stack_takes_several_components_of_a_type_in_order(store):
    for name in ("z", "a"):
        s3(store, name)

    pairs = [stacks.pair(text) for text in ("artifact-store=z", "orchestrator=default", "artifact_store=a")]
    recorded, warnings = stacks.register(store, "prod", pairs)

    assert recorded.changes
    assert not warnings
    assert data(store, Key("stack", "", "prod"))["components"] == {
        "orchestrator": "default",
        "artifact_store": ["z", "a"],
    }


def test_a_stack_without_what_zenml_needs_is_accepted_with_a_warning(store):
    assert len(stacks.register(store, "empty", [])[1]) == 2
    assert len(stacks.register(store, "half", [("orchestrator", "default")])[1]) == 1


def test_a_stack_of_what_does_not_exist_is_refused(store):
    with pytest.raises(Invalid):
        stacks.register(store, "prod", [("artifact_store", "nothing")])


@pytest.mark.parametrize("text", ["artifact_store", "artifact_store=", "thing=x", "=x"])
def test_what_is_no_pair_is_wrong_usage(text):
    with pytest.raises(UsageError):
        stacks.pair(text)


def test_a_stack_is_updated_type_by_type(store):
    for name in ("a", "b"):
        s3(store, name)
    key = Key("stack", "", "default")

    stacks.update(store, "default", [("artifact_store", "a"), ("artifact_store", "b")], ["metadata_store"])
    assert data(store, key)["components"] == {"orchestrator": "default", "artifact_store": ["a", "b"]}

    _, warnings = stacks.update(store, "default", remove=["artifact_store=a", "orchestrator"])
    assert data(store, key)["components"] == {"artifact_store": "b"}
    assert warnings == ["the stack has no orchestrator"]
    for gone in ("orchestrator", "artifact_store=a"):
        with pytest.raises(NotFound):
            stacks.update(store, "default", remove=[gone])


def test_the_active_stack_is_not_deleted(store):
    stacks.register(store, "prod", [("orchestrator", "default")])

    with pytest.raises(InUse, match="active"):
        stacks.check_not_active([Key("stack", "", "prod")], {"prod"})
    stacks.check_not_active([Key("stack", "", "prod")], {"default"})


def test_what_is_deleted_together_may_refer_to_each_other(store):
    entities.register(
        store,
        "component",
        {"name": "s3", "type": "artifact_store", "flavor": "s3", "configuration": {"path": "s3://b"}},
    )
    stacks.register(store, "prod", [("orchestrator", "default"), ("artifact_store", "s3")])

    entities.delete(store, Key("stack", "", "prod"), S3)

    assert store.snapshot().get(S3) is None
    assert [key.name for key in store.snapshot().keys("stack")] == ["default"]


def people_of(store):
    for kind, names in {"user": ("ada", "bob"), "team": ("ml",), "project": ("p",), "role": ("admin",)}.items():
        for name in names:
            entities.register(store, kind, {"name": name})
    people.add(store, "ml", ["ada", "bob"])
    people.assign(store, "admin", ["ada", "bob"], ["ml"], "p")
    people.assign(store, "admin", ["bob"], [])


def test_members_come_and_go_once(store):
    people_of(store)
    team = Key("team", "", "ml")

    assert not people.add(store, "ml", ["ada"]).changes
    assert data(store, team)["members"] == ["ada", "bob"]
    people.remove(store, "ml", ["ada"])
    assert data(store, team)["members"] == ["bob"]
    with pytest.raises(NotFound):
        people.remove(store, "ml", ["ada"])
    with pytest.raises(NotFound):
        people.add(store, "ml", ["nobody"])
    people.remove(store, "ml", ["bob"])
    assert data(store, team)["members"] == []


def test_roles_are_assigned_and_revoked_as_they_were_assigned(store):
    people_of(store)
    role = Key("role", "", "admin")
    rows = [
        {"user": "ada", "project": "p"},
        {"user": "bob", "project": "p"},
        {"team": "ml", "project": "p"},
        {"user": "bob"},
    ]

    assert data(store, role)["assignments"] == rows
    assert not people.assign(store, "admin", ["bob"], []).changes
    assert people.assignments([store.snapshot().get(role)]) == [{"role": "admin", **row} for row in rows]
    people.revoke(store, "admin", ["bob"], ["ml"], "p")
    assert data(store, role)["assignments"] == [{"user": "ada", "project": "p"}, {"user": "bob"}]
    with pytest.raises(NotFound):
        people.revoke(store, "admin", ["ada"], [])
    with pytest.raises(UsageError):
        people.assign(store, "admin", [], [])
    with pytest.raises(NotFound):
        people.assign(store, "admin", ["ada"], [], "nowhere")


GONE = [
    ("user", "bob", ["ada"], [{"user": "ada", "project": "p"}, {"team": "ml", "project": "p"}]),
    ("team", "ml", None, [{"user": "ada", "project": "p"}, {"user": "bob", "project": "p"}, {"user": "bob"}]),
    ("project", "p", ["ada", "bob"], [{"user": "bob"}]),
]


@pytest.mark.parametrize(("kind", "name", "members", "assignments"), GONE)
def test_people_leave_teams_and_assignments_in_the_same_change(store, kind, name, members, assignments):
    people_of(store)
    head = int(store.head())

    entities.delete(store, Key(kind, "", name))

    assert int(store.head()) == head + 1
    if members is not None:
        assert data(store, Key("team", "", "ml"))["members"] == members
    assert data(store, Key("role", "", "admin"))["assignments"] == assignments


def test_renamed_people_stay_in_teams_and_assignments(store):
    people_of(store)

    entities.rename(store, Key("user", "", "bob"), "rob")
    entities.rename(store, Key("project", "", "p"), "q")
    entities.rename(store, Key("team", "", "ml"), "ops")

    assert data(store, Key("team", "", "ops"))["members"] == ["ada", "rob"]
    assert data(store, Key("role", "", "admin"))["assignments"] == [
        {"user": "ada", "project": "q"},
        {"user": "rob", "project": "q"},
        {"team": "ops", "project": "q"},
        {"user": "rob"},
    ]


def test_the_last_user_is_not_deleted(store):
    with pytest.raises(InUse, match="last"):
        entities.delete(store, Key("user", "", "default"))
    with pytest.raises(NotFound):
        entities.delete(store, Key("user", "", "nobody"))


MINIO = Key("flavor", "artifact_store", "minio")
SCHEMA = {"type": "object", "properties": {"port": {"type": "integer"}}, "additionalProperties": False}


def test_a_registered_flavor_gives_its_components_their_types(store):
    flavors.register(store, MINIO, SCHEMA, "my.module.Minio")

    components.register(store, S3, "minio", parse_configuration_change(["port=9000"]))

    assert data(store, S3)["configuration"] == {"port": 9000}
    assert data(store, MINIO)["source"] == "my.module.Minio"
    with pytest.raises(InUse, match="s3"):
        entities.delete(store, MINIO)
    with pytest.raises(Invalid):
        components.update(store, S3, parse_configuration_change(["host=x"]))


def test_a_renamed_flavor_is_renamed_in_its_components(store):
    flavors.register(store, MINIO, SCHEMA)
    components.register(store, S3, "minio", parse_configuration_change(["port=9000"]))

    entities.rename(store, MINIO, "ceph")

    assert data(store, S3)["flavor"] == "ceph"


def test_a_flavor_without_a_schema_checks_nothing(store):
    flavors.register(store, MINIO, None)

    components.register(store, S3, "minio", parse_configuration_change(["any.thing=010"]))

    assert data(store, S3)["configuration"] == {"any": {"thing": "010"}}


def test_a_flavor_that_ships_is_not_registered_again(store):
    with pytest.raises(Exists, match="ships"):
        flavors.register(store, MINIO._replace(name="S3"), None)


def test_a_schema_that_may_not_be_registered_is_refused(store):
    with pytest.raises(Invalid):
        flavors.register(store, MINIO, {"$ref": "http://127.0.0.1/schema.json"})


def test_flavors_are_described_whether_they_ship_or_are_registered(store):
    flavors.register(store, MINIO, SCHEMA)
    snapshot = store.snapshot()

    assert flavors.describe(snapshot, flavors.find(snapshot, "minio"))["registered"] is True
    assert flavors.describe(snapshot, flavors.find(snapshot, "s3"))["schema"]["required"] == ["path"]
    with pytest.raises(Ambiguous, match="local"):
        flavors.find(snapshot, "local")
    with pytest.raises(NotFound) as caught:
        flavors.find(snapshot, "minoi")
    assert "minio" in caught.value.hint
    assert ("orchestrator", "kubeflow") in flavors.shipped_names()


TYPES = ("orchestrator", "artifact_store")
NAMES = ("a", "b", "c")
STACKS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            type_: st.sampled_from(NAMES) | st.lists(st.sampled_from(NAMES), min_size=1, unique=True) for type_ in TYPES
        },
    ),
    max_size=4,
)


@given(STACKS, st.sampled_from(TYPES), st.sampled_from(NAMES), st.sampled_from(["new", "A", "B2"]))
def test_a_rename_leaves_every_stack_as_it_was_but_for_the_name(stacks_, type_, old, new):
    docs = [("component", {"name": n, "type": t, "flavor": "local", "configuration": {}}) for t in TYPES for n in NAMES]
    docs += [("stack", {"name": f"s{n}", "components": components_}) for n, components_ in enumerate(stacks_)]
    change = Change(tuple(Edit(key_of(kind, doc), None, writer.write(kind, doc)) for kind, doc in docs))
    store = DRIVER.create(f"memory:{__name__}-{next(NUMBERS)}", Options(), change)

    if new == "A" and old != "a":
        with pytest.raises(Exists):
            entities.rename(store, Key("component", type_, old), new)
        return
    entities.rename(store, Key("component", type_, old), new)

    def renamed(value):
        return (
            [new if name == old else name for name in value]
            if isinstance(value, list)
            else new
            if value == old
            else value
        )

    assert profile_check.check_all(store.snapshot()) == []
    for number, components_ in enumerate(stacks_):
        expected = {t: renamed(value) if t == type_ else value for t, value in components_.items()}
        assert data(store, Key("stack", "", f"s{number}"))["components"] == expected
