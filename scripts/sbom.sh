#!/bin/bash
# Inside an image: writes its list of parts (SPDX 2.3, JSON) from what dpkg knows, and
# puts licence and version beside it in /usr/share/doc/trading-bot.
#   sbom.sh NAME FOLDER      NAME of the image; FOLDER holds LICENSE and VERSION
set -euo pipefail

name=$1 folder=$2
version=$(<"$folder/VERSION")
doc=/usr/share/doc/trading-bot
mkdir -p "$doc"
cp "$folder/LICENSE" "$folder/VERSION" "$doc/"

# The date is the newest installed package's, not now: the same parts give the same file.
created=$(find /var/lib/dpkg/info -name '*.list' -printf '%T@\n' | sort -n | tail -n 1)
created=$(date -u -d "@${created%.*}" +%Y-%m-%dT%H:%M:%SZ)
# shellcheck source=/dev/null
. /etc/os-release

dpkg-query -W -f '${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\t${Maintainer}\n' |
	awk -F'\t' -v name="$name" -v version="$version" -v created="$created" -v distro="$ID-$VERSION_ID" '
	function text(s) { gsub(/\\/, "\\\\", s); gsub(/"/, "\\\"", s); return "\"" s "\"" }
	function id(s) { gsub(/[^A-Za-z0-9.-]/, "-", s); return "\"SPDXRef-" s "\"" }
	# a package URL wants these as %XX
	function quoted(s) { gsub(/%/, "%25", s); gsub(/\+/, "%2B", s); gsub(/:/, "%3A", s); gsub(/~/, "%7E", s); return s }
	BEGIN {
		print "{"
		print "\"spdxVersion\": \"SPDX-2.3\", \"dataLicense\": \"CC0-1.0\", \"SPDXID\": \"SPDXRef-DOCUMENT\","
		print "\"name\": " text(name "-" version) ","
		print "\"documentNamespace\": " text("https://spdx.org/spdxdocs/" name "-" version "-" created) ","
		print "\"creationInfo\": {\"created\": " text(created) ", \"creators\": [\"Tool: trading-bot-sbom.sh\"]},"
		print "\"packages\": ["
		print "{\"name\": " text(name) ", \"SPDXID\": \"SPDXRef-image\", \"versionInfo\": " text(version) ","
		print " \"downloadLocation\": \"NOASSERTION\", \"filesAnalyzed\": false, \"licenseConcluded\": \"MIT\","
		print " \"licenseDeclared\": \"MIT\", \"copyrightText\": \"NOASSERTION\", \"primaryPackagePurpose\": \"CONTAINER\"}"
		links = "{\"spdxElementId\": \"SPDXRef-DOCUMENT\", \"relationshipType\": \"DESCRIBES\", \"relatedSpdxElement\": \"SPDXRef-image\"}"
	}
	$1 == "installed" {
		print ",{\"name\": " text($2) ", \"SPDXID\": " id($2) ", \"versionInfo\": " text($3) ", \"supplier\": " text("Organization: " $7) ","
		print " \"sourceInfo\": " text("built from " $5 " " $6) ", \"downloadLocation\": \"NOASSERTION\", \"filesAnalyzed\": false,"
		print " \"licenseConcluded\": \"NOASSERTION\", \"licenseDeclared\": \"NOASSERTION\", \"copyrightText\": \"NOASSERTION\","
		print " \"externalRefs\": [{\"referenceCategory\": \"PACKAGE-MANAGER\", \"referenceType\": \"purl\","
		print "  \"referenceLocator\": " text("pkg:deb/debian/" quoted($2) "@" quoted($3) "?arch=" $4 "&distro=" distro) "}]}"
		links = links ",\n{\"spdxElementId\": \"SPDXRef-image\", \"relationshipType\": \"CONTAINS\", \"relatedSpdxElement\": " id($2) "}"
	}
	END { print "],"; print "\"relationships\": [\n" links "]"; print "}" }' >"$doc/sbom.spdx.json"
