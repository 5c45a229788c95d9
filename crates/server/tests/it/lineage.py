"""Builds OpenLineage events with the official client's types, which refuse what the specification does not know.

Usage: lineage.py EVENTS, a file with a list of run events.
"""

import enum
import json
import sys
import types
import typing

import attr
from openlineage.client import event_v2, facet_v2

FACETS = {
    "columnLineage": facet_v2.column_lineage_dataset.ColumnLineageDatasetFacet,
    "errorMessage": facet_v2.error_message_run.ErrorMessageRunFacet,
    "inputStatistics": facet_v2.input_statistics_input_dataset.InputStatisticsInputDatasetFacet,
    "jobType": facet_v2.job_type_job.JobTypeJobFacet,
    "nominalTime": facet_v2.nominal_time_run.NominalTimeRunFacet,
    "outputStatistics": facet_v2.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
    "processing_engine": facet_v2.processing_engine_run.ProcessingEngineRunFacet,
    "schema": facet_v2.schema_dataset.SchemaDatasetFacet,
}
FACET_MAPS = ("facets", "inputFacets", "outputFacets")


def build(cls, value, where):
    """An instance of an official class; every key must be one of its fields."""
    fields = {field.name: field for field in attr.fields(cls)}
    unknown = set(value) - set(fields)
    assert not unknown, f"{where}: {cls.__name__} does not know {unknown}"
    hints = typing.get_type_hints(cls)
    for name in ("_schemaURL", "schemaURL"):
        if name in fields:
            assert value[name] == cls._get_schema(), f"{where}: {value[name]} is not {cls._get_schema()}"
    arguments = {}
    for name, field in fields.items():
        if not field.init or name not in value:
            continue
        if name in FACET_MAPS:
            built = {key: build(FACETS[key], one, f"{where}/{name}/{key}") for key, one in value[name].items()}
        else:
            built = convert(hints[name], value[name], f"{where}/{name}")
        arguments[field.alias] = built
    return cls(**arguments)


def convert(hint, value, where):
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None:
            assert type(None) in arguments, f"{where} is null"
            return None
        return convert(next(one for one in arguments if one is not type(None)), value, where)
    if origin is list:
        return [convert(arguments[0], one, f"{where}/{place}") for place, one in enumerate(value)]
    if origin is dict:
        return {key: convert(arguments[1], one, f"{where}/{key}") for key, one in value.items()}
    if attr.has(hint):
        return build(hint, value, where)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return hint(value)
    assert isinstance(value, hint), f"{where}: {value!r} is no {hint}"
    return value


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        events = json.load(file)
    assert events, "there are no events"
    for place, event in enumerate(events):
        build(event_v2.RunEvent, event, f"/{place}")


main()
