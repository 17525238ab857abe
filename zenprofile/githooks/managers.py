"""How other tools that rule a repository's hooks call zenprofile: their own configuration, to be added by a person."""

PRE_COMMIT = """\
# .pre-commit-config.yaml; then: pre-commit install
default_install_hook_types: [pre-commit, pre-merge-commit, pre-push, post-merge, post-rewrite, post-checkout]
repos:
  - repo: local
    hooks:
      - id: zenprofile
        name: zenprofile
        entry: zenprofile hook pre-commit
        language: system
        pass_filenames: false
        always_run: true
        stages: [pre-commit]
      - id: zenprofile-merge
        name: zenprofile
        entry: zenprofile hook pre-merge-commit
        language: system
        pass_filenames: false
        always_run: true
        stages: [pre-merge-commit]
      - id: zenprofile-push
        name: zenprofile
        entry: zenprofile hook pre-push
        language: system
        pass_filenames: false
        always_run: true
        stages: [pre-push]
      - id: zenprofile-merged
        name: zenprofile
        entry: zenprofile hook post-merge
        language: system
        pass_filenames: false
        always_run: true
        verbose: true
        stages: [post-merge]
      - id: zenprofile-rewritten
        name: zenprofile
        entry: zenprofile hook post-rewrite
        language: system
        pass_filenames: false
        always_run: true
        verbose: true
        stages: [post-rewrite]
      - id: zenprofile-checked-out
        name: zenprofile
        entry: zenprofile hook post-checkout
        language: system
        pass_filenames: false
        always_run: true
        verbose: true
        stages: [post-checkout]
"""
# Where lefthook sees no changed file (another branch is pushed, files are only deleted, or added and taken away again)
# it leaves jobs out, but for those that it gives files; git's own folder, a file in a linked work tree, is always one.
LEFTHOOK = """\
# lefthook.yml (or lefthook-local.yml); then: lefthook install
pre-commit:
  jobs:
    - name: zenprofile
      files: echo .git; echo .git/HEAD  # always some file: else lefthook may leave the job out
      run: 'zenprofile hook pre-commit # {files}'
pre-merge-commit:
  jobs:
    - name: zenprofile
      run: zenprofile hook pre-merge-commit
pre-push:
  jobs:
    - name: zenprofile
      files: echo .git; echo .git/HEAD
      run: 'zenprofile hook pre-push {0} # {files}'
      use_stdin: true
post-merge:
  jobs:
    - name: zenprofile
      run: zenprofile hook post-merge {0}
post-rewrite:
  jobs:
    - name: zenprofile
      run: zenprofile hook post-rewrite {0}
      use_stdin: true
post-checkout:
  jobs:
    - name: zenprofile
      run: zenprofile hook post-checkout {0}
"""
HUSKY = """\
# one line at the end of each of these files (a new file needs nothing else)
# .husky/pre-commit
zenprofile hook pre-commit "$@"
# .husky/pre-merge-commit
zenprofile hook pre-merge-commit "$@"
# .husky/pre-push
zenprofile hook pre-push "$@"
# .husky/post-merge
zenprofile hook post-merge "$@"
# .husky/post-rewrite
zenprofile hook post-rewrite "$@"
# .husky/post-checkout
zenprofile hook post-checkout "$@"
"""
SNIPPETS = {"pre-commit": PRE_COMMIT, "lefthook": LEFTHOOK, "husky": HUSKY}
