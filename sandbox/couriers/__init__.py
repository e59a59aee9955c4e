"""Couriers: what comes by itself as story time passes: files dropped in a folder, a warehouse, a webhook."""

from collections.abc import Mapping

from sandbox.couriers.courier import Courier
from sandbox.couriers.csv import CsvFiles
from sandbox.couriers.warehouse import Warehouse

# Those that only work when they are asked for: files cost time to write.
COURIERS: Mapping[str, type[Courier]] = {"csv": CsvFiles, "warehouse": Warehouse}

__all__ = ["COURIERS", "Courier"]
