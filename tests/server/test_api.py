"""Resources: read, listed, written, deleted; changes; history. One answer each, with the headers that clients need."""

from typing import Any

from tests.contract import serving
from tests.server.conftest import Ask, asking

DEFAULT = "/api/v1/stacks/default"
BUCKETS = "/api/v1/components/artifact_store"
CREATE = {"If-None-Match": "*"}


def bucket(name: str, path: str = "s3://a", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "artifact_store", "flavor": "s3", "configuration": {"path": path}, **more}


def put(ask: Ask, name: str, **more: Any) -> str:
    said = ask("PUT", f"{BUCKETS}/{name}", bucket(name, **more), CREATE)
    assert said.status == 201, said.body
    return said.headers["ETag"]


def test_an_entity_has_its_revision_as_etag(ask: Ask) -> None:
    said = ask("GET", DEFAULT)

    assert said.json == {
        "kind": "stack",
        "name": "default",
        "components": {"orchestrator": ["default"], "metadata_store": ["default"], "artifact_store": ["default"]},
        "revision": said.headers["ETag"].strip('"'),
    }
    assert ask("HEAD", DEFAULT).headers["Content-Length"] == said.headers["Content-Length"]
    assert ask("HEAD", DEFAULT).body == b""


def test_what_is_known_is_not_sent_again(ask: Ask) -> None:
    for path in (DEFAULT, "/api/v1/stacks"):
        tag = ask("GET", path).headers["ETag"]
        again = ask("GET", path, headers={"If-None-Match": f'"x", W/{tag}'})
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
    put(ask, "new")
    assert ask("GET", DEFAULT, headers={"If-None-Match": '"0"'}).status == 200


def test_a_list_is_filtered_and_paged(ask: Ask) -> None:
    for name in ("a", "b", "c", "d"):
        put(ask, name, labels={"team": "ml" if name < "c" else "web"})

    def names(query: str) -> tuple[list[str], Any]:
        page = ask("GET", f"/api/v1/components?{query}").json
        return [row["name"] for row in page["items"]], page["next"]

    assert names("type=artifact_store") == (["a", "b", "c", "d", "default"], None)
    assert names("flavor=s3&label=team=ml") == (["a", "b"], None)
    assert names("name=[cd]&label=team") == (["c", "d"], None)
    first, cursor = names("flavor=s3&limit=2")
    assert ask("DELETE", f"{BUCKETS}/b", headers={"If-Match": "*"}).status == 204
    assert first == ["a", "b"]
    assert names(f"flavor=s3&limit=2&cursor={cursor}") == (["c", "d"], None)
    for wrong in ("limit=0", "limit=x", "cursor=%ff", "type=a&type=b", "limit=10001"):
        assert ask("GET", f"/api/v1/components?{wrong}").status in {400, 404}


def test_a_document_keeps_its_comments_on_the_way(ask: Ask) -> None:
    text = b"# ours\nname: x   # short\ntype: artifact_store\nflavor: s3\nconfiguration:\n  path: s3://a # where\n"
    made = ask("PUT", f"{BUCKETS}/x", text, {**CREATE, "Content-Type": "application/yaml"})
    read = ask("GET", f"{BUCKETS}/x", headers={"Accept": "application/yaml"})
    assert (made.status, read.body, read.headers["ETag"]) == (201, text, made.headers["ETag"])

    new = ask("PUT", f"{BUCKETS}/x", bucket("x", "s3://b"), {"If-Match": read.headers["ETag"]})

    assert new.status == 200
    after = ask("GET", f"{BUCKETS}/x", headers={"Accept": "application/yaml"})
    assert after.body == text.replace(b"s3://a", b"s3://b")


def test_what_was_read_may_be_sent_back(ask: Ask) -> None:
    put(ask, "x")
    read = ask("GET", f"{BUCKETS}/x").json
    sent = {**read, "description": "ours"}

    assert ask("PUT", f"{BUCKETS}/x", {**sent, "kind": "stack"}, {"If-Match": "*"}).status == 400
    assert ask("PUT", f"{BUCKETS}/x", {**sent, "revision": "0"}, {"If-Match": f'"{read["revision"]}"'}).status == 400
    done = ask("PUT", f"{BUCKETS}/x", sent, {"If-Match": f'"{read["revision"]}"'})
    assert done.json["description"] == "ours"
    assert done.headers["Zenprofile-Rev"] == "3"


def test_a_late_write_gets_what_is_there_and_the_merge_to_send(ask: Ask) -> None:
    old = put(ask, "x", description="one")
    ask("PUT", f"{BUCKETS}/x", bucket("x", "s3://theirs", description="one"), {"If-Match": old})

    late = ask("PUT", f"{BUCKETS}/x", bucket("x", description="mine"), {"If-Match": old})

    assert late.status == 412
    assert "s3://theirs" in late.json["current"][0]["text"]
    merged = ask("POST", "/api/v1/changes", late.json["merge"])
    assert merged.status == 201
    now = ask("GET", f"{BUCKETS}/x").json
    assert (now["configuration"], now["description"]) == ({"path": "s3://theirs"}, "mine")
    clash = ask("PUT", f"{BUCKETS}/x", bucket("x", "s3://mine"), {"If-Match": old})
    assert (clash.status, clash.json["merge"]) == (412, None)


def test_a_change_set_is_written_whole_or_not_at_all(ask: Ask) -> None:
    new = {"kind": "component", "type": "artifact_store", "name": "x", "replaces": None, "document": bucket("x")}
    stack = {"name": "s", "components": {"orchestrator": "default", "artifact_store": "x"}}
    uses = {"kind": "stack", "name": "s", "replaces": None, "document": stack}

    refused = ask("POST", "/api/v1/changes", {"edits": [uses]})
    done = ask("POST", "/api/v1/changes", {"edits": [uses, new], "message": "Begin"})

    assert refused.status == 422
    assert refused.json["problems"][0]["path"] == "components.artifact_store"
    assert (done.status, done.json["rev"], done.json["who"], done.json["message"]) == (201, "2", "ada", "Begin")
    assert ask("GET", "/api/v1/validate").json == {"valid": True, "problems": []}


def test_a_key_that_was_used_gives_the_first_answer_again(ask: Ask) -> None:
    def send(key: str, path: str) -> Any:
        edit = {"kind": "component", "type": "artifact_store", "name": "x", "replaces": None}
        return ask(
            "POST", "/api/v1/changes", {"edits": [{**edit, "document": bucket("x", path)}]}, {"Idempotency-Key": key}
        )

    first = send("one", "s3://a")
    again = send("one", "s3://a")

    assert first.status == again.status == 201
    assert first.json == again.json
    assert send("two", "s3://a").status == 409
    assert ask("GET", "/api/v1/profile").json["head"] == "2"
    assert send("x" * 300, "s3://a").status == 400


def test_keys_of_one_user_are_not_anothers(address: str) -> None:
    edit = {"kind": "component", "type": "artifact_store", "name": "x", "replaces": None, "document": bucket("x")}
    sent = {"edits": [edit]}
    admin, editor = asking(address), asking(address, serving.EDITOR)

    assert admin("POST", "/api/v1/changes", sent, {"Idempotency-Key": "k"}).status == 201
    assert editor("POST", "/api/v1/changes", sent, {"Idempotency-Key": "k"}).status == 409


def test_history_is_paged_and_of_one_entity_where_it_is_asked_for(ask: Ask) -> None:
    tag = put(ask, "x")
    for number in range(3):
        tag = ask("PUT", f"{BUCKETS}/x", bucket("x", f"s3://{number}"), {"If-Match": tag}).headers["ETag"]
    put(ask, "y")

    first = ask("GET", "/api/v1/changes?limit=2").json
    second = ask("GET", f"/api/v1/changes?limit=2&cursor={first['next']}").json
    one = ask("GET", "/api/v1/changes?entity=component/artifact_store/x").json

    assert [row["rev"] for row in first["items"] + second["items"]] == ["6", "5", "4", "3"]
    assert [row["rev"] for row in one["items"]] == ["5", "4", "3", "2"]
    assert one["items"][0]["changes"][0]["fields"] == [
        {"path": "configuration.path", "before": "s3://1", "after": "s3://2"}
    ]
    assert ask("GET", "/api/v1/changes/5").json == one["items"][0]
    assert ask("GET", "/api/v1/changes/99").status == 404
    assert [row["name"] for row in ask("GET", "/api/v1/diff?from=5").json["changes"]] == ["y"]
    assert ask("GET", f"{BUCKETS}/x?at=3").json["configuration"] == {"path": "s3://0"}


def test_editors_write_stacks_and_admins_people(address: str) -> None:
    viewer, editor, admin = (asking(address, t) for t in (serving.VIEWER, serving.EDITOR, serving.TOKEN))
    person = {"kind": "user", "name": "eve", "replaces": None, "document": {"name": "eve"}}

    assert viewer("GET", DEFAULT).status == editor("GET", DEFAULT).status == 200
    assert put(editor, "x")
    assert editor("POST", "/api/v1/changes", {"edits": [person]}).status == 403
    assert admin("POST", "/api/v1/changes", {"edits": [person]}).status == 201
    assert viewer("GET", "/api/v1/profile").json["role"] == "viewer"


def test_what_is_open_says_nothing_of_the_profile(ask: Ask) -> None:
    nobody: dict[str, str | None] = {"Authorization": None}

    assert ask("GET", "/health", headers=nobody).json == {"status": "ok"}
    assert ask("GET", "/version", headers=nobody).json.keys() == {"name", "version", "api", "holds"}
    described = ask("GET", "/openapi.json", headers=nobody).json
    assert "/api/v1/stacks/{name}" in described["paths"]
