"""The dbt models as assets: a partition is a UTC day, and materialising it is `tollbook build`."""

from collections.abc import Iterable, Iterator, Sequence, Set
from datetime import date
from graphlib import TopologicalSorter

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster_dbt import dbt_assets

from orchestration.defs.failing import in_words
from orchestration.defs.manifest import UNSHOWN, Manifest, Translator
from orchestration.defs.measures import measure
from orchestration.defs.partitions import BACKFILL, WRITERS, daily, days_of
from orchestration.defs.resources import Deployment
from orchestration.operations.day.build import build
from orchestration.store.warehouse import Home


def model_assets(manifest: Manifest) -> dg.AssetsDefinition:
    """All models in one step.

    A day is always built whole, whichever models were chosen: the two legs of a call, its breakouts and its
    account's charges are one calculation, and a part of it from another moment would not add up.
    """

    @dbt_assets(
        manifest=manifest,
        exclude=UNSHOWN,
        name="build_days",
        dagster_dbt_translator=Translator(manifest),
        partitions_def=daily(),
        backfill_policy=BACKFILL,
        pool=WRITERS,
    )
    def build_days(context: dg.AssetExecutionContext, deployment: Deployment) -> Iterator[dg.MaterializeResult[None]]:
        days = days_of(context.partition_keys)
        home = deployment.home
        with in_words(home.root):
            built = build(home, days[0], days[-1], context.log.info)
        context.log.info(f"built {len(built.days)} day(s) with input, from {days[0]} to {days[-1]}")
        chosen = context.selected_asset_keys
        for event in materializations(home, days, [k for k in context.assets_def.keys if k not in chosen]):
            context.log_event(event)
        figures = measure(home, days, [key.path[-1] for key in chosen])
        for key in in_order(context.assets_def.specs, chosen):
            for day in days:
                context.add_asset_metadata(
                    dict(figures.get((key.path[-1], day), {})), asset_key=key, partition_key=str(day)
                )
            yield dg.MaterializeResult(asset_key=key)

    return build_days


def in_order(specs: Iterable[dg.AssetSpec], chosen: Set[dg.AssetKey]) -> list[dg.AssetKey]:
    """The chosen keys, each after what it depends on, as Dagster wants to be told of them."""
    depends = {spec.key: {dep.asset_key for dep in spec.deps} for spec in specs}
    return [key for key in TopologicalSorter(depends).static_order() if key in chosen]


def materializations(
    home: Home, days: Sequence[date], keys: Sequence[dg.AssetKey]
) -> Iterator[dg.AssetMaterialization]:
    """That these models were made for these days, with their figures, for a run that made them in passing."""
    figures = measure(home, days, [key.path[-1] for key in keys])
    for key in sorted(keys):
        for day in days:
            yield dg.AssetMaterialization(key, partition=str(day), metadata=dict(figures.get((key.path[-1], day), {})))


def build_job(models: dg.AssetsDefinition) -> UnresolvedAssetJobDefinition:
    """`tollbook build --from --to`, for a partition or a range."""
    return dg.define_asset_job(
        "build",
        # with checks it would be a closing's work, and twice as long
        selection=dg.AssetSelection.assets(*models.keys).without_checks(),
        description="Rate and report days anew, and publish. Never changes a stored leg of a closed day.",
    )
