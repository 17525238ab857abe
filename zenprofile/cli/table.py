"""Every command: its name, where it is, what it does. Read by the parser, the help and the completion."""

# Command: (where it is, what it does). A section a heading of the help.
SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Profiles": {
        "create": ("zenprofile.cli.profiles:create", "Create a profile, or load the one at a URL."),
        "set": ("zenprofile.cli.profiles:set_", "Make a profile the active one."),
        "describe": ("zenprofile.cli.profiles:describe", "Show a profile."),
        "list": ("zenprofile.cli.profiles:list_", "List the profiles on this machine."),
        "get": ("zenprofile.cli.profiles:get", "Print the name of the active profile."),
        "rename": ("zenprofile.cli.profiles:rename", "Rename a profile."),
        "delete": ("zenprofile.cli.profiles:delete", "Delete a profile."),
        "init": ("zenprofile.cli.profiles:init", "Mark a folder as a repository root."),
        "config": ("zenprofile.cli.config:config", "Show or change a profile's settings."),
        "completion": ("zenprofile.cli.completion:completion", "Print a shell's completion script."),
    },
    "Entities": {
        "component": ("zenprofile.cli.components:component", "Components of stacks."),
        "stack": ("zenprofile.cli.stacks:stack", "Stacks of components."),
        "flavor": ("zenprofile.cli.flavors:flavor", "Flavors of components and their schemas."),
        "user": ("zenprofile.cli.people:user", "Users."),
        "team": ("zenprofile.cli.people:team", "Teams and their members."),
        "role": ("zenprofile.cli.people:role", "Roles and their assignments."),
        "project": ("zenprofile.cli.people:project", "Projects."),
    },
    "Sharing": {
        "status": ("zenprofile.cli.sharing:status", "Say how the profile is, and why."),
        "remote": ("zenprofile.cli.sharing:remote", "Show or name the profile's remote."),
        "pull": ("zenprofile.cli.sharing:pull", "Fetch what others have changed, and merge it."),
        "push": ("zenprofile.cli.sharing:push", "Send the commits that are only here."),
        "sync": ("zenprofile.cli.sharing:sync", "Pull and push until both sides are equal."),
        "watch": ("zenprofile.cli.watch:watch", "Commit, pull and push by itself whatever changes."),
        "conflicts": ("zenprofile.cli.sharing:conflicts", "List what only a person can decide."),
        "resolve": ("zenprofile.cli.sharing:resolve", "Settle an entity's conflicts."),
        "hooks": ("zenprofile.cli.hooks:hooks", "Git's hooks and merge driver, which keep out what is invalid."),
        "doctor": ("zenprofile.cli.doctor:doctor", "Prove that hooks, merge driver, remote and keyring work."),
    },
    "Documents": {
        "validate": ("zenprofile.cli.documents:validate", "Check documents and what they refer to."),
        "fmt": ("zenprofile.cli.documents:fmt", "Bring documents' keys into the schema's order."),
        "schema": ("zenprofile.cli.documents:schema", "JSON Schemas for editors."),
        "override": ("zenprofile.cli.machine:override", "Values of fields on this machine alone."),
        "secrets": ("zenprofile.cli.machine:secrets", "References to secrets."),
    },
    "History": {
        "commit": ("zenprofile.cli.history:commit", "Commit edits made by hand."),
        "log": ("zenprofile.cli.history:log", "Show what was changed, newest first."),
        "show": ("zenprofile.cli.history:show", "Show one change."),
        "diff": ("zenprofile.cli.history:diff", "Show by field what differs."),
        "blame": ("zenprofile.cli.history:blame", "Show which change gave each field its value."),
        "restore": ("zenprofile.cli.history:restore", "Give an entity the document that it had."),
        "revert": ("zenprofile.cli.history:revert", "Take one change back."),
        "undo": ("zenprofile.cli.history:undo", "Take back this machine's last change."),
    },
}

# The commands of a group, so that completion need not load it; a test holds them against the groups themselves.
TYPED = "(type)"
VERBS: dict[str, str] = {
    "config": "sync run-hooks message watch",
    "remote": "set",
    "component": "register list describe update rename copy delete",
    TYPED: "register list describe get update remove-attribute rename copy delete flavor",
    f"{TYPED} flavor": "register list",
    "stack": "register list describe tree set get update remove-component rename copy delete",
    "flavor": "register list describe update rename delete",
    "user": "create list describe set get update rename delete",
    "team": "create list describe add remove update rename delete",
    "role": "create list describe assign revoke assignment update rename delete",
    "role assignment": "list",
    "project": "create list describe set get unset update rename delete",
    "schema": "export",
    "watch": "pause resume confirm status service",
    "watch service": "install uninstall status",
    "hooks": "install uninstall status",
    "override": "set list unset",
    "secrets": "allow check",
}
