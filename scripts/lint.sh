#!/bin/sh
# Checks format, runs go vet and golangci-lint over every module.
# golangci-lint is built once into bin/ at the version below. Where it cannot be
# had the rest still runs; with CI set that is a failure.
set -u
cd "$(dirname "$0")/.." || exit 1
version=v2.15.0
failed=0

unformatted=$(git ls-files -co --exclude-standard '*.go' | grep -v /testdata/ | while read -r file; do
	[ -f "$file" ] && printf '%s\n' "$file"
done | xargs gofmt -s -l)
if [ -n "$unformatted" ]; then
	printf 'not formatted (gofmt -s -w):\n%s\n' "$unformatted" >&2
	failed=1
fi

scripts/each-module.sh go vet ./... || failed=1

lint=$PWD/bin/golangci-lint-$version
if [ ! -x "$lint" ]; then
	printf '%s\n' "building golangci-lint $version, a few minutes the first time" >&2
	build=$(mktemp -d)
	# GOWORK and GOFLAGS are ours, not the tool's.
	if GOWORK=off GOFLAGS= GOBIN=$build go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$version"; then
		mkdir -p bin && mv "$build/golangci-lint" "$lint"
	fi
	rm -rf "$build"
fi
if [ -x "$lint" ]; then
	scripts/each-module.sh "$lint" run --config "$PWD/.golangci.yaml" ./... || failed=1
elif [ -n "${CI:-}" ]; then
	printf '%s\n' "golangci-lint $version could not be built" >&2
	failed=1
else
	printf '%s\n' "golangci-lint $version could not be built: left out" >&2
fi
exit $failed
