#!/bin/sh
# Runs a command in every module of go.work, and fails at the end if it failed
# in one of them:
#
#	scripts/each-module.sh go test ./...
#
# The modules come from go.work itself, so none can be forgotten.
set -u
cd "$(dirname "$0")/.." || exit 1
root=$PWD
failed=

dirs=$(go list -m -f '{{.Dir}}') || exit 1
command=$*
IFS='
'
for dir in $dirs; do
	module=${dir#"$root"}
	module=.${module:-}
	printf '%s\n' "-- $module: $command" >&2
	(unset IFS; cd "$dir" && "$@") || failed="$failed $module"
done
if [ -n "$failed" ]; then
	printf '%s\n' "failed in:$failed" >&2
	exit 1
fi
