"""The formats that are fuzzed, by their names."""

from binary_formats import NPZ, Parquet
from data_formats import CSV, IDX
from format import Format
from model_formats import JSON, Model
from run_format import Run
from settings_format import RunFile

FORMATS: dict[str, type[Format]] = {
    kind.name: kind for kind in (CSV, IDX, Parquet, NPZ, Model, JSON, Run, RunFile)
}
