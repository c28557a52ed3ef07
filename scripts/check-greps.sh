#!/bin/bash
# House rules that grep can check. Prints file:line of each breach; exit 1 with any.
set -uo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export COPY=$scratch
breaches=0

list() { git ls-files -co --exclude-standard "$@"; }

# A copy of the tree's C files without comments and strings' contents, lines kept.
# shellcheck disable=SC2016
list '*.c' '*.h' | perl -MFile::Basename -MFile::Path=make_path -ne '
	chomp;
	my $file = $_;
	open(my $in, "<", $file) or next;
	my $code = do { local $/; <$in> };
	$code =~ s{([#]\s*include[^\n]*)|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\x27(?:\\.|[^\x27\\\n])*\x27}
		{my $t = $&; $1 // "\n" x ($t =~ tr/\n//)}gse;
	make_path("$ENV{COPY}/" . dirname($file));
	open(my $out, ">", "$ENV{COPY}/$file") or die "$file: $!";
	print $out $code;
'

breach() {
	echo "$1"
	sed 's/^/    /'
	breaches=$((breaches + 1))
}

# never WHY REGEX PATH... [! EXCLUDED...]: no code line under PATH matches
never() {
	local why=$1 regex=$2 paths=() excluded=() found
	shift 2
	while [[ $# -gt 0 && $1 != ! ]]; do
		[[ -e $scratch/$1 ]] && paths+=("$1")
		shift
	done
	[[ $# -gt 0 ]] && shift
	for found in "$@"; do
		excluded+=(-e "^$found:")
	done
	[[ ${#paths[@]} -gt 0 ]] || return 0
	found=$(cd "$scratch" && grep -rnP "$regex" "${paths[@]}")
	[[ ${#excluded[@]} -eq 0 ]] || found=$(grep -v "${excluded[@]}" <<<"$found")
	[[ -z $found ]] || breach "$why" <<<"$found"
}

never "only common/db/internal.h includes sqlite3.h" 'include\s*<sqlite3' \
	api common worker tests ! common/db/internal.h
never "only common/db/ includes its internal.h" 'include\s*"common/db/internal' \
	api common worker tests ! 'common/db/[a-z_]*.c'
never "only common/money.c touches .e8" '(\.|->)e8\b' api common worker tests ! common/money.c
never "banned function" '\b(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|atof|gets|localtime|asctime|ctime)\s*\(' \
	api common worker tests
never "only common/clock.c asks for the time" \
	'(?<![.>*\w])time\s*\(|\b(clock_gettime|gettimeofday)\s*\(' api common worker ! common/clock.c
pure=(worker/market worker/trade worker/engine worker/strategy)
never "market, engine and strategy have no I/O, no clock, no SQL" \
	'include\s*[<"](sqlite3|event2|curl|openssl|fcntl|unistd|time\.h|sys/|netinet|pthread|common/(db/|file|log|config\b|secret\b|registry/(audit|bot_secrets|commands|configs|logs|machine|markets|model_row|rotate_key|tokens))\b)' \
	"${pure[@]}"
never "market, engine and strategy have no I/O, no clock, no SQL" \
	'\b(f?printf|fopen|open|read|write|clock_now_us|clock_mono_us|clock_mono_ns|getenv|rand|random)\s*\(' \
	"${pure[@]}"
never "the API does not include the worker" 'include\s*"worker/' api common
never "the worker does not include the API" 'include\s*"api/' worker common
never "a struct has no typedef" '\btypedef\s+(struct|union|enum)\b' api common worker

# a raw frame in a test stays in one line
# shellcheck disable=SC2016
long=$(list '*.c' '*.h' | xargs perl -CSD -ne '
	chomp;
	my $text = $_;
	1 while $text =~ s/\t/" " x (8 - $-[0] % 8)/e;
	print "$ARGV:$.: ", length $text, " columns\n"
		if length $text > 100 && !($ARGV =~ m{^tests/} && /[{,]\\"/);
	close ARGV if eof')
[[ -z $long ]] || breach "a line is at most 100 columns" <<<"$long"

# shellcheck disable=SC2016
long=$(list 'api/*.c' 'common/*.c' 'worker/*.c' 'tests/*.c' | xargs awk '
	/^\{$/ { start = FNR } /^\}/ && start {
		if (FNR - start - 1 > 100) print FILENAME ":" start ": " FNR - start - 1 " lines"; start = 0 }')
[[ -z $long ]] || breach "a function is at most 100 lines" <<<"$long"

# shellcheck disable=SC2016
bare=$(list 'schema/*.sql' | xargs awk '
	/^CREATE TABLE/ { table = 1 } /^\)/ { table = 0 }
	table && /^\t[a-z_]+ (INTEGER|REAL)/ && !/--/ { print FILENAME ":" FNR ":" $0 }')
[[ -z $bare ]] || breach "a numeric column has a comment with its unit" <<<"$bare"

# in_doc WHAT DOC NAMES: each name stands in the document
in_doc() {
	local missing=''
	[[ -e $2 ]] || return 0
	while read -r name; do
		[[ -z $name ]] || grep -qF -- "$name" "$2" || missing+="$name"$'\n'
	done <<<"$3"
	[[ -z $missing ]] || breach "$1 missing in $2" <<<"${missing%$'\n'}"
}
# first_strings FILE: the first string of each table row
first_strings() { [[ ! -e $1 ]] || sed -nE 's/^\t\{ ?"([^"]+)".*/\1/p; s/^\t[A-Z_]+\("?([A-Z][A-Z0-9_]+)"?,.*/\1/p' "$1"; }

in_doc "environment key" docs/CONFIGURATION.md "$(first_strings common/config.c)"
in_doc "environment key" config.example.env "$(first_strings common/config.c)"
in_doc "environment key" docker/docker-compose.yml "$(first_strings common/config.c)"
in_doc "bot config key" docs/CONFIGURATION.md "$(first_strings common/registry/bot_config.c)"
in_doc "table" docs/DATABASE.md "$(list 'schema/*.sql' | xargs sed -nE 's/^CREATE (TABLE|VIEW) ([a-z_]+).*/\2/p')"

heading="^## $(sed 's/[.]/\\./g' VERSION)( |\$)"
grep -qE "$heading" CHANGELOG.md || breach "VERSION has a heading in CHANGELOG.md" <VERSION

[[ $breaches -eq 0 ]]
