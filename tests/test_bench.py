"""bench.py: errors. No test checks a speed."""

import bench
import pytest


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rounds=0"], "bench.py: rounds must be at least 1, not 0"),
        (["seconds=.inf"], "bench.py: seconds must be a number at least 0.001, not inf"),
        (["name=a/b"], "bench.py: name must consist of letters, digits, dots and dashes, not 'a/b'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments, message, capsys):
    with pytest.raises(SystemExit) as end:
        bench.main(arguments)
    errors = capsys.readouterr().err
    assert end.value.code == 2 and errors.startswith(message) and errors.count("\n") == 1
