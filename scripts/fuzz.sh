#!/bin/sh
# Fuzzes every target of the module in the working folder, FUZZTIME each
# (default 10s). Go fuzzes one target of one package at a time.
set -u
failed=

packages=$(go list ./...) || exit 1
for package in $packages; do
	targets=$(go test -list '^Fuzz' "$package" | grep '^Fuzz') || continue
	for target in $targets; do
		printf '%s\n' "-- $package $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-10s}" "$package" || failed="$failed $target"
	done
done
if [ -n "$failed" ]; then
	printf '%s\n' "failed:$failed" >&2
	exit 1
fi
