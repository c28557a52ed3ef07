"""A strict reader of Prometheus' text format 0.0.4 (prometheus.io, "Exposition formats").

Lines end in \\n; "# HELP name text" and "# TYPE name type" come once and before the
family's samples; all samples of a family stand together; a sample is
name{label="value",...} value; label values escape backslash, quote and line feed;
a histogram has cumulative _bucket samples up to le="+Inf", _sum and _count.
"""
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)')
VALUE = re.compile(r"^(?:[+-]Inf|NaN|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)$")
TYPES = ("counter", "gauge", "histogram", "summary", "untyped")


class Family:
    """One metric family; samples: (suffix, labels) -> value."""

    def __init__(self, name):
        self.name = name
        self.help = self.type = None
        self.samples = {}

    def value(self, suffix="", **labels):
        return self.samples.get((suffix, tuple(sorted(labels.items()))))

    def label_values(self, label):
        return {dict(labels).get(label) for _, labels in self.samples}


def labels_of(text):
    labels, rest = {}, text
    while rest:
        match = LABEL.match(rest)
        if not match:
            raise ValueError("labels: %r" % text)
        name, value, _ = match.groups()
        if name in labels:
            raise ValueError("label %s is given twice: %r" % (name, text))
        labels[name] = re.sub(r"\\(.)", lambda m: "\n" if m.group(1) == "n" else m.group(1), value)
        rest = rest[match.end():]
    return labels


def check_histogram(family):
    sets = {}
    for (suffix, labels), value in family.samples.items():
        own = dict(labels)
        bound = own.pop("le", None)
        one = sets.setdefault(tuple(sorted(own.items())), {"bounds": []})
        if suffix == "_bucket":
            one["bounds"].append((float(bound.replace("+Inf", "inf")), value))
        else:
            one[suffix] = value
    for one in sets.values():
        bounds = one["bounds"]
        if bounds != sorted(bounds) or [v for _, v in bounds] != sorted(v for _, v in bounds):
            raise ValueError("%s: buckets do not rise" % family.name)
        if not bounds or bounds[-1][0] != float("inf") or bounds[-1][1] != one["_count"]:
            raise ValueError("%s: no +Inf bucket, or another count" % family.name)
        if "_sum" not in one:
            raise ValueError("%s has no _sum" % family.name)


def check(family):
    if family.type is None or not family.help:
        raise ValueError("%s has no TYPE or no HELP" % family.name)
    for (suffix, _), value in family.samples.items():
        allowed = ("_bucket", "_sum", "_count") if family.type == "histogram" else ("",)
        if suffix not in allowed:
            raise ValueError("%s%s is no sample of a %s" % (family.name, suffix, family.type))
        if family.type in ("counter", "histogram") and not value >= 0:
            raise ValueError("%s is negative" % family.name)
    if family.type == "counter" and not family.name.endswith("_total"):
        raise ValueError("counter %s does not end in _total" % family.name)
    if family.type == "histogram":
        check_histogram(family)


class Reader:
    """Line by line."""

    def __init__(self):
        self.families = {}
        self.open = None

    def family(self, name):
        if self.open and self.open.name == name:
            return self.open
        if name in self.families:
            raise ValueError("%s is torn apart" % name)
        self.open = self.families[name] = Family(name)
        return self.open

    def comment(self, line):
        match = re.match(r"^# (HELP|TYPE) (%s) (.+)$" % NAME, line)
        if not match:
            raise ValueError("comment: %r" % line)
        kind, name, text = match.groups()
        family = self.family(name)
        key = kind.lower()
        if getattr(family, key) is not None or family.samples:
            raise ValueError("%s comes twice or late: %r" % (kind, line))
        if kind == "TYPE" and text not in TYPES:
            raise ValueError("type: %r" % line)
        if kind == "HELP" and re.search(r"\\(?![\\n])", text):
            raise ValueError("escape: %r" % line)
        setattr(family, key, text)

    def sample(self, line):
        match = re.match(r"^(%s)(?:\{(.*)\})? (\S+)$" % NAME, line)
        if not match or not VALUE.match(match.group(3)):
            raise ValueError("sample: %r" % line)
        name, labels, value = match.groups()
        labels = labels_of(labels or "")
        if not self.open or not name.startswith(self.open.name):
            raise ValueError("no HELP and TYPE before %r" % line)
        key = (name[len(self.open.name):], tuple(sorted(labels.items())))
        if key in self.open.samples:
            raise ValueError("twice: %r" % line)
        self.open.samples[key] = float(value)


def read(text):
    """Families by name; ValueError says what is wrong."""
    if not text.endswith("\n"):
        raise ValueError("the last line has no end")
    reader = Reader()
    for line in text[:-1].split("\n"):
        if line.startswith("#"):
            reader.comment(line)
        else:
            reader.sample(line)
    for family in reader.families.values():
        check(family)
    return reader.families
