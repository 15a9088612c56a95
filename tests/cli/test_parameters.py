"""Arguments and options that several commands have, and what click makes of their values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from batchbook.cli import parameters
from batchbook.cli.output import to_json

Run = Callable[..., Result]


def command(*decorators: Callable[..., Any]) -> Run:
    """Return a function that runs a command with these parameters, which prints their values as JSON."""

    def show(**values: Any) -> None:
        click.echo(to_json(values))

    function: Any = show
    for decorator in decorators:
        function = decorator(function)
    made = click.command("try")(function)
    return lambda *arguments: CliRunner().invoke(made, [*arguments])


@pytest.mark.parametrize(
    ("text", "number"), [("7", 7), ("00000007", 7), ("0", 0), ("99999999999", 99_999_999_999)]
)
def test_a_number_may_have_leading_zeros(text: str, number: int) -> None:
    assert command(parameters.batch_argument)(text).output == f'{{"batch_id": {number}}}\n'


@pytest.mark.parametrize("text", ["x1", "1.5", "+1", "٣", "", "1e3", "\uff11"])
def test_anything_else_is_not_a_number(text: str) -> None:
    result = command(parameters.sequence_argument)(text)
    assert result.exit_code == 2
    assert f"“{text}” is not a number." in result.output


def test_pairs_are_a_mapping() -> None:
    run = command(parameters.values_option("A field.", required=True))
    result = run("--set", " price =1.99", "--set", "notes=a=b", "--set", "brand=")
    assert result.output == '{"values": {"price": "1.99", "notes": "a=b", "brand": ""}}\n'
    assert run().exit_code == 2


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        (("price",), "“price” is not of the form key=value."),
        (("=1",), "“=1” is not of the form key=value."),
        ((" =1",), "“ =1” is not of the form key=value."),
        (("price=1", "price=2"), "“price” is given more than once."),
        (("price=\udcff",), "It is not text in UTF-8."),
    ],
)
def test_pairs_that_are_wrong_usage(pairs: tuple[str, ...], sentence: str) -> None:
    result = command(parameters.values_option("A field."))(
        *(part for pair in pairs for part in ("--set", pair))
    )
    assert result.exit_code == 2
    assert sentence in result.output


def test_a_repeated_option_of_an_execution_is_a_list() -> None:
    run = command(parameters.execution_options)
    assert run().output == '{"options": {}}\n'
    result = run("--option", "apply=increase", "--option", "overwrite=yes", "--option", "apply=decrease")
    assert result.output == '{"options": {"apply": ["increase", "decrease"], "overwrite": "yes"}}\n'


def test_options_of_another_action_are_refused_with_where_they_belong() -> None:
    run = command(parameters.no_options)
    assert run().output == "{}\n"
    result = run("--option", "apply=increase")
    assert result.exit_code == 2
    assert "try takes no options; only execute does." in result.output
    assert "--option" not in run("--help").output


def test_who_acts_must_be_named_and_who_reads_may_be() -> None:
    assert command(parameters.actor_option)().exit_code == 2
    assert command(parameters.actor_option)("--as", "ann").output == '{"actor": "ann"}\n'
    assert command(parameters.reader_option)().output == '{"reader": null}\n'
    assert command(parameters.reader_option)("--as", "ann").output == '{"reader": "ann"}\n'


def test_the_time_of_a_schedule() -> None:
    run = command(parameters.at_option, parameters.zone_option)
    assert run("--zone", "Europe/Berlin").exit_code == 2
    assert run("--at", "2026-12-01 06:00").output == '{"at": "2026-12-01 06:00", "zone": null}\n'


@pytest.mark.parametrize(
    ("arguments", "status", "printed"),
    [
        (("f", "-5"), 0, '"value": "-5"'),
        (("--as", "x", "f", "-1,5"), 0, '"value": "-1,5"'),
        (("f", "-5.50", "--as=x"), 0, '"actor": "x"'),
        (("f", "-5", "--jso"), 2, "No such option"),
        (("f", "--jso"), 2, "No such option"),
        (("f", "-x"), 2, "No such option"),
        (("--", "f", "-x"), 0, '"value": "-x"'),
    ],
)
def test_a_negative_number_is_an_argument(arguments: tuple[str, ...], status: int, printed: str) -> None:
    @click.command(cls=parameters.ValueCommand)
    @click.argument("field")
    @click.argument("value")
    @click.option("--as", "actor")
    def made(**values: Any) -> None:
        click.echo(to_json(values))

    result = CliRunner().invoke(made, arguments)
    assert (result.exit_code, printed in result.output) == (status, True)
