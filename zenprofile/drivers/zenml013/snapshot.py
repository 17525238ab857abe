"""A store of ZenML 0.13 as documents: names by our rule, references in place of secrets, paths that fit any machine."""

from collections.abc import Iterator
from functools import cached_property

from zenprofile import resources
from zenprofile.core import document_check
from zenprofile.core.document import writer
from zenprofile.core.entity import COMPONENT_TYPES, KINDS, Data, Entity, Key
from zenprofile.core.snapshot import DocumentSnapshot, Loaded
from zenprofile.core.zenml_import import Naming, sanitize
from zenprofile.drivers.zenml013.source import LegacyComponent, Source
from zenprofile.errors import Problem


class LegacyDocuments:
    """The documents that a source stands for, each made when it is first asked for."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._names: dict[tuple[str, str], Naming] = {}
        self._made: dict[str, dict[Key, Data]] = {}
        pairs = [("component", type_, name) for type_, name in source.listed]
        pairs += [("flavor", flavor["type"], flavor["name"]) for flavor in self._own_flavors()]
        for kind, names in (
            ("stack", source.stacks),
            ("user", source.users),
            ("team", source.teams),
            ("role", source.roles),
            ("project", source.projects),
        ):
            pairs += [(kind, "", name) for name in names]
        by_place: dict[tuple[str, str], list[str]] = {}
        for kind, type_, name in pairs:
            by_place.setdefault((kind, type_), []).append(name)
        for place, originals in by_place.items():
            self._names[place] = Naming()
            self._names[place].add(originals)

    def _own_flavors(self) -> Iterator[dict[str, str]]:
        """Yield the flavors that do not ship with zenprofile anyway."""
        catalog = resources.catalog()
        for flavor in self._source.flavors:
            if flavor["type"] in COMPONENT_TYPES and flavor["name"] not in catalog.flavors(flavor["type"]):
                yield flavor

    def keys(self, kind: str = "", type_: str = "") -> list[Key]:
        """List keys, sorted; no component's file is read for it."""
        return sorted(
            Key(*place, name)
            for place, naming in self._names.items()
            if kind in {"", place[0]} and type_ in {"", place[1]}
            for name in naming.values()
        )

    def data(self, kind: str) -> dict[Key, Data]:
        """Return all documents of a kind as data."""
        if kind not in self._made:
            self._made[kind] = {Key(kind, data.get("type", ""), data["name"]): data for data in self._make(kind)}
        return self._made[kind]

    def raw(self, key: Key) -> str | None:
        """Return a document's text, or None where there is none."""
        data = self.data(key.kind).get(key)
        return None if data is None else writer.write(key.kind, data)

    def _make(self, kind: str) -> Iterator[Data]:
        makers = {
            "component": self._components,
            "stack": self._stacks,
            "flavor": self._flavors,
            "user": lambda: (self._plain("user", name) for name in self._source.users),
            "team": self._teams,
            "role": self._roles,
            "project": self._projects,
        }
        return makers[kind]()

    def _name(self, kind: str, name: str, type_: str = "") -> str:
        return self._names[kind, type_][name]

    def _plain(self, kind: str, name: str, type_: str = "") -> Data:
        naming = self._names[kind, type_]
        return {"name": naming[name], **({"type": type_} if type_ else {}), **naming.labels(name)}

    def _stacks(self) -> Iterator[Data]:
        for name, pairs in self._source.stacks.items():
            lists: dict[str, list[str]] = {}
            for type_, component in sorted(pairs, key=lambda pair: COMPONENT_TYPES.index(pair[0])):
                lists.setdefault(type_, []).append(self._name("component", component, type_))
            single = {type_: names[0] if len(names) == 1 else names for type_, names in lists.items()}
            yield {**self._plain("stack", name), "components": single}

    def _flavors(self) -> Iterator[Data]:
        for flavor in self._own_flavors():
            source = {"source": flavor["source"]} if flavor["source"] else {}
            yield {**self._plain("flavor", flavor["name"], flavor["type"]), **source}

    def _teams(self) -> Iterator[Data]:
        for name, members in self._source.teams.items():
            yield {**self._plain("team", name), "members": sorted({self._name("user", member) for member in members})}

    def _roles(self) -> Iterator[Data]:
        for name in self._source.roles:
            found: list[Data] = []
            for given in self._source.assignments:
                if given.role != name:
                    continue
                kind, who = ("user", given.user) if given.user else ("team", given.team)
                where = {"project": self._name("project", given.project)} if given.project else {}
                found.append({kind: self._name(kind, who), **where})
            yield {**self._plain("role", name), "assignments": [a for n, a in enumerate(found) if a not in found[:n]]}

    def _projects(self) -> Iterator[Data]:
        for name, description in self._source.projects.items():
            yield {**self._plain("project", name), **({"description": description} if description else {})}

    @cached_property
    def _tidied(self) -> tuple[list[Data], list[str]]:
        """The components, and what was done to them in words."""
        documents: list[Data] = []
        notes: list[str] = []
        secrets: set[str] = set()
        for component in self._source.components():
            if component.problem:
                notes.append(component.problem)
            documents.append(self._component(component, secrets, notes))
        return documents, notes

    def _component(self, component: LegacyComponent, secrets: set[str], notes: list[str]) -> Data:
        plain = self._plain("component", component.name, component.type)
        key = Key("component", component.type, plain["name"])
        flavors = self._names.get(("flavor", component.type))
        flavor = flavors[component.flavor] if flavors and component.flavor in flavors else component.flavor
        schema = resources.catalog().flavor(component.type, flavor)
        # Components of several types may share a name, and each has secrets of its own.
        secret = key.name.replace(".", "-")
        secret = secret if secret.casefold() not in secrets else f"{secret}-{component.type}"
        tidied = sanitize(key, flavor, component.configuration, schema, secret)
        if tidied.secrets:
            secrets.add(secret.casefold())
        notes += tidied.notes
        return {**plain, "flavor": flavor, "configuration": tidied.configuration}

    def _components(self) -> Iterator[Data]:
        return iter(self._tidied[0])

    def notes(self) -> list[str]:
        """Return what is other here than in ZenML's store, what is damaged in it, and what was left behind."""
        notes = list(self._source.problems)
        for (kind, type_), naming in self._names.items():
            notes += [f"{type_ or kind} {name!r} is called '{here}' here" for name, here in naming.changed()]
        notes += self._tidied[1]
        runs = self._source.runs()
        if runs:
            notes.append(f"pipeline runs stay where they are ({runs} of them)")
        return notes


class LegacySnapshot(DocumentSnapshot):
    """The entities of a store of ZenML 0.13; those that surely hold are never written down as text."""

    def __init__(self, source: Source) -> None:
        self.documents = LegacyDocuments(source)
        super().__init__(self.documents, resources.catalog())

    def get(self, key: Key) -> Entity | None:
        data = self.documents.data(key.kind).get(key)
        return None if data is None else Entity(key, data)

    def load(self, kind: str = "", type_: str = "") -> Loaded:
        entities: list[Entity] = []
        problems: list[Problem] = []
        for each in [kind] if kind else KINDS:
            for key, data in self.documents.data(each).items():
                if type_ not in {"", key.type}:
                    continue
                if not document_check.findings(key, data, self._catalog, self.registered):
                    entities.append(Entity(key, data))
                    continue
                text = self.text(key) or ""
                problems += document_check.check_document(key, text, self._catalog, self.registered)[1]
        return Loaded(sorted(entities, key=lambda entity: entity.key), problems)
