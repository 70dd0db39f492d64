"""The OpenAPI description of a service: its paths, and the parts that depend on the model."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from barenet.service._record_reasons import MAX_REASONS, MAX_RECORDS, PARAMETER

#: The description of the paths; the rest depends on the model.
OPENAPI = Path(__file__).with_name("openapi.json")

#: Keywords of a schema that is a document of its own. Client generators would name the class of
#: records after its title, which changes with the training data.
DOCUMENT_KEYWORDS = ("$schema", "$comment", "$defs", "title")

#: The parts of an answer that reasons add, beside the reasons.
PARTS_OF_REASONS = ("explained_class", "expected", "compared_with", "scale")

#: The response to a request without the token, or with a wrong one.
UNAUTHORIZED = {"$ref": "#/components/responses/Unauthorized"}


def describe_service(
    schema: Mapping[str, Any],
    *,
    version: str,
    is_classifier: bool,
    threshold: str,
    has_intervals: bool,
    has_token: bool,
    max_rows: int,
    has_reasons: bool,
) -> dict[str, Any]:
    """Describe the service of a model, given the schema of its records."""
    document: dict[str, Any] = json.loads(OPENAPI.read_text("utf-8"))
    target = dict(schema["$defs"]["prediction"])
    name = target.pop("title")
    document["info"] |= {"title": f"Predictions of {name}", "version": version}
    predict = document["paths"]["/predict"]["post"]
    # A schema violation would have another status than 413, so there is no `maxItems`.
    too_large = f"The body is too large, or has more than {max_rows:,} records"
    if has_reasons:
        most = min(max_rows, MAX_RECORDS)
        too_large += f", or more than {most:,} of which the reasons are requested"
    predict["responses"]["413"]["description"] = too_large

    schemas = document["components"]["schemas"]
    record = dict(schema)
    for keyword in DOCUMENT_KEYWORDS:
        record.pop(keyword, None)
    schemas["Record"] = record
    answer = schemas["Prediction"]["properties"]
    answer["prediction"] = target
    if threshold:
        answer["prediction"] = {**target, "description": threshold}
    if not is_classifier:
        del answer["probabilities"]
    if has_reasons and not is_classifier:
        del answer["explained_class"]
        del answer["scale"]
    if has_intervals:
        answer["interval"]["items"] = target
    else:
        del answer["interval"]
    if has_reasons:
        [parameter] = predict["parameters"]
        parameter["schema"]["maximum"] = MAX_REASONS
    else:
        del predict["parameters"]
        for name in (*PARTS_OF_REASONS, PARAMETER):
            del answer[name]
        del schemas["Reason"]
        del schemas["ComparedRows"]
    if has_token:
        document["security"] = [{"token": []}]
        for path in document["paths"].values():
            for operation in path.values():
                if operation.get("security") != []:
                    operation["responses"]["401"] = UNAUTHORIZED
    else:
        del document["components"]["securitySchemes"]
        del document["components"]["responses"]["Unauthorized"]
    return document
