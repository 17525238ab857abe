#!/bin/sh
# The main job on real input: Ana and Ben, two machines (two empty homes) and a Git remote that both reach. `make demo`
# runs it. Everything happens in a temporary folder that is removed at the end.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
for name in $(env | sed -n 's/^\(GIT_[A-Z_]*\|ZENPROFILE_[A-Z_]*\|XDG_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done
export GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0

say() { printf '\n# %s\n' "$*"; }

run() { # show a command as it would be typed, and what it really prints
    printf '\n$ %s\n' "$1"
    eval "$1" 2>&1
}

machine() { # go to another machine: a home of its own, nothing in it
    HOME=$work/$1
    export HOME
    mkdir "$HOME"
    cd "$HOME"
    git config --global user.name "$2"
    git config --global user.email "$3"
    git config --global init.defaultBranch main
    git config --global "url.$work/.insteadOf" git@example.com:
}

back() { # go to a machine again, into a folder of its home; the name is said
    HOME=$work/$1
    cd "$HOME/$2"
    say "Back on $3's machine."
}

git init --quiet --bare --initial-branch=main "$work/acme/ml-platform.git"

say "Ana's machine. Her team has a Git repository; the profile becomes a folder in it."
machine ana "Ana" ana@example.com
run 'git clone --quiet git@example.com:acme/ml-platform.git'
run 'cd ml-platform'
run 'zenprofile create team --url ./.zenprofile'
run 'zenprofile set team'

say "A stack as ZenML's users have it: Kubeflow, S3, ECR. Settings are checked; a secret is a reference, never a value."
run 'zenprofile component register s3-prod --type artifact_store --flavor s3 --set path=s3://ml-artifacts --set key={{aws.key}} --set secret={{aws.secret}}'
run 'zenprofile component register kubeflow-prod --type orchestrator --flavor kubeflow --set kubernetes_context=prod-eu'
run 'zenprofile container-registry register ecr --flavor aws --uri=715803424590.dkr.ecr.eu-central-1.amazonaws.com'
run 'zenprofile stack register prod -o kubeflow-prod -a s3-prod -m default -c ecr'
run 'cat .zenprofile/components/artifact_store/s3-prod.yaml'

say "Commit, with a message that says what changed, and share it by Git."
run 'zenprofile commit'
run 'zenprofile log'
run 'git push --quiet'
zenprofile stack describe prod -o json >"$work/ana.json" 2>/dev/null

say "Ben's machine: a clone is all it takes."
machine ben "Ben" ben@example.com
run 'git clone --quiet git@example.com:acme/ml-platform.git'
run 'cd ml-platform'
run 'zenprofile create team --url ./.zenprofile'
run 'zenprofile set team'
run 'zenprofile stack describe prod'
run 'zenprofile validate'
zenprofile stack describe prod -o json >"$work/ben.json" 2>/dev/null

cmp "$work/ana.json" "$work/ben.json"

say "Both change the same component, each another field, and know nothing of each other. That is no conflict."
run 'zenprofile config sync commit'
run 'zenprofile component update s3-prod --set path=s3://ml-artifacts-eu'
run 'zenprofile sync'
back ana ml-platform Ana
run 'zenprofile config sync commit'
run 'zenprofile component update s3-prod --set token={{aws.token}}'
run 'zenprofile sync'
zenprofile component describe s3-prod -o json >"$work/ana.json" 2>/dev/null
back ben ml-platform Ben
run 'zenprofile sync'
run 'zenprofile log --max-count 3'

say "Now nobody types a command: a watcher on each machine commits, pushes and pulls. Ben's asks once a second."
run 'zenprofile config watch poll=1s -o json'
run 'zenprofile watch >"$HOME/watch.log" 2>&1 & echo $! >"$HOME/watch.pid"'
back ana ml-platform Ana
run 'zenprofile watch >"$HOME/watch.log" 2>&1 & echo $! >"$HOME/watch.pid"'
run 'sed -i.old s/ml-artifacts-eu/ml-artifacts-us/ .zenprofile/components/artifact_store/s3-prod.yaml'
back ben ml-platform Ben
until grep -q pulled "$HOME/watch.log"; do sleep 0.1; done
run 'cat "$HOME/watch.log"'
run 'zenprofile component describe s3-prod'
kill "$(cat "$work/ana/watch.pid")" "$(cat "$work/ben/watch.pid")"
zenprofile component describe s3-prod -o json >"$work/ben.json" 2>/dev/null
back ana ml-platform Ana
zenprofile component describe s3-prod -o json >"$work/ana.json" 2>/dev/null

cmp "$work/ana.json" "$work/ben.json"
say "Both machines describe the same, byte for byte."
