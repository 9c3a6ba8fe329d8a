#!/bin/sh
# Finds the programs that the tests use and installs what is missing, if it can:
# by apt-get as root or through sudo without a password, by brew on macOS.
# It never fails: a missing program only means that the tests cover less, and
# their final report says so. REDBRICK_NO_INSTALL=1 looks and installs nothing.
set -u
cd "$(dirname "$0")/.." || exit 0

say() { printf 'setup: %s\n' "$*"; }

# find_one name... prints where the first of the programs is.
find_one() {
	for name in "$@"; do
		command -v "$name" 2>/dev/null && return 0
	done
	return 1
}

find_chromium() {
	find_one chromium chromium-browser google-chrome google-chrome-stable && return 0
	for app in "Google Chrome" Chromium; do
		file="/Applications/$app.app/Contents/MacOS/$app"
		[ -x "$file" ] && printf '%s\n' "$file" && return 0
	done
	return 1
}

# Debian keeps initdb and pg_ctl off the PATH, one folder a version.
find_postgres() {
	if command -v pg_ctl >/dev/null 2>&1; then
		find_one initdb && return 0
	fi
	for dir in /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin; do
		[ -x "$dir/initdb" ] && [ -x "$dir/pg_ctl" ] && printf '%s\n' "$dir/initdb" && return 0
	done
	return 1
}

find_program() {
	case $1 in
	chromium) find_chromium ;;
	postgres) find_postgres ;;
	*) find_one "$1" ;;
	esac
}

programs="redis-server redis-cli redis-sentinel chromium postgres node npm"

missing() {
	for program in $programs; do
		find_program "$program" >/dev/null || printf '%s ' "$program"
	done
}

# package_of manager program prints the package that holds the program.
package_of() {
	case $1/$2 in
	apt/redis-cli) echo redis-tools ;;
	apt/node) echo nodejs ;;
	brew/npm) echo node ;;
	apt/postgres) echo postgresql ;;
	brew/redis-*) echo redis ;;
	brew/postgres) echo postgresql@17 ;;
	*) echo "$2" ;;
	esac
}

packages() {
	manager=$1
	shift
	for program in "$@"; do
		package_of "$manager" "$program"
	done | sort -u
}

# Debian starts the services it installs. The tests start servers of their own,
# so a policy forbids that while we install, unless the machine has a policy.
policy=/usr/sbin/policy-rc.d
policy_ours=

drop_policy() {
	[ -n "$policy_ours" ] && $as_root rm -f "$policy"
	policy_ours=
}

install_apt() {
	as_root=
	if [ "$(id -u)" -ne 0 ]; then
		if ! sudo -n true 2>/dev/null; then
			say "cannot install: neither root nor sudo without a password"
			return 0
		fi
		as_root="sudo -n"
	fi
	trap drop_policy EXIT
	trap 'exit 130' INT TERM
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null && $as_root chmod 755 "$policy" && policy_ours=yes
	fi
	apt="$as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -q -o DPkg::Lock::Timeout=120"
	log=$(mktemp)
	$apt update >"$log" 2>&1 || say "apt-get update failed: $(tail -n 1 "$log")"
	# One by one: a package that this release lacks must not cost the others.
	for package in "$@"; do
		if $apt install -y --no-install-recommends "$package" </dev/null >"$log" 2>&1; then
			say "installed $package"
		else
			say "could not install $package: $(tail -n 1 "$log")"
		fi
	done
	rm -f "$log"
	drop_policy
}

install_brew() {
	for package in "$@"; do
		cask=
		[ "$package" = chromium ] && cask=--cask
		if brew install -q $cask "$package" </dev/null >/dev/null 2>&1; then
			say "installed $package"
		else
			say "could not install $package"
		fi
	done
}

wanted=$(missing)
if [ -n "$wanted" ]; then
	say "missing: $wanted"
	# The lists are words on purpose: $wanted and packages are split.
	if [ "${REDBRICK_NO_INSTALL:-}" = 1 ]; then
		say "nothing is installed (REDBRICK_NO_INSTALL=1)"
	elif command -v apt-get >/dev/null 2>&1; then
		install_apt $(packages apt $wanted)
	elif command -v brew >/dev/null 2>&1; then
		install_brew $(packages brew $wanted)
	else
		say "cannot install: neither apt-get nor brew is here"
	fi
fi

for program in $programs; do
	if where=$(find_program "$program"); then
		say "$program: $where"
	else
		say "$program: not here, the tests that need it are left out"
	fi
done

# The packages of Node that tests try the engine and the sessions with, at the versions of their lock files. The copy of that
# file tells what is installed.
install_packages() {
	packages=$1
	command -v node >/dev/null && command -v npm >/dev/null || return 0
	cmp -s "$packages/package-lock.json" "$packages/node_modules/installed-lock.json" && return 0
	if [ "${REDBRICK_NO_INSTALL:-}" = 1 ]; then
		say "$packages: its packages are not installed (REDBRICK_NO_INSTALL=1)"
		return 0
	fi
	log=$(mktemp)
	if npm ci --prefix "$packages" --ignore-scripts --no-audit --no-fund </dev/null >"$log" 2>&1; then
		cp "$packages/package-lock.json" "$packages/node_modules/installed-lock.json"
		say "$packages: packages installed"
	else
		say "$packages: npm could not install its packages: $(grep -v '^npm warn' "$log" | head -n 1)"
	fi
	rm -f "$log"
}
install_packages engine/clienttest/testdata/node
install_packages session/expresstest/testdata/node
exit 0
