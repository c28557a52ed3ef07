"""Model files and the forms in which they are sent."""
import json

BOUNDARY = "tBoUnDaRy"
TYPE = "multipart/form-data; boundary=" + BOUNDARY


def form(model=None, **texts):
    """A multipart body; texts in order, then the file."""
    parts = [b"--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n"
             % (BOUNDARY.encode(), name.encode(), text.encode()) for name, text in texts.items()]
    if model is not None:
        parts.append(b"--%s\r\nContent-Disposition: form-data; name=\"model\"; filename=\"m\"\r\n"
                     b"Content-Type: application/octet-stream\r\n\r\n%s\r\n"
                     % (BOUNDARY.encode(), model))
    return b"".join(parts) + b"--%s--\r\n" % BOUNDARY.encode()


def retrained(sample):
    """Another model of the same shape: the sample with other leaf values."""
    model = json.loads(sample)
    for tree in model["learner"]["gradient_booster"]["model"]["trees"]:
        for i, left in enumerate(tree["left_children"]):
            if left == -1:
                tree["split_conditions"][i] *= 0.5
    return json.dumps(model).encode()
