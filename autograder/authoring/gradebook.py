"""nbgrader's course folder and gradebook, and what they know of the assignments.

A folder becomes an nbgrader course: ``gradebook.db`` (or any database that SQLAlchemy reaches), ``nbgrader_config.py``,
``source/``, ``release/``, and, once results are recorded (`autograder.outcome.record`),
``autograded/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb``, the notebook that ran. Jupyter started there shows it in formgrader,
where answers in words are graded by hand. There is no ``submitted/`` in it: formgrader's own autograde button would run
learners' code without any isolation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autograder.authoring.notebooks import Assignment, Cell, checksum, dumps, instructor_notebook, learner_notebook
from autograder.files import write_text
from autograder.templating import template
from flowercourse.errors import CourseError

TEMPLATES = Path(__file__).with_name("templates")
ADDRESS = "gradebook.url"  # where a database of the instructor's choice is remembered


def prepare(out: Path, assignments: Mapping[str, Assignment], *, db: str | None = None) -> None:
    """Make ``out`` an nbgrader course that knows ``assignments``.

    Args:
        out: The folder that a run of ``autograder grade`` writes to.
        assignments: The assignments of this run, by name.
        db: The gradebook's address, as SQLAlchemy writes it; None means ``out/gradebook.db``. It is remembered in
            ``out/gradebook.url``, readable by nobody else.

    Raises:
        CourseError: There is no database at that address, or no driver for it.
    """
    out.mkdir(parents=True, exist_ok=True)
    _make_tables(db or f"sqlite:///{out.resolve() / 'gradebook.db'}")
    config = out / "nbgrader_config.py"
    write_text(config, template(TEMPLATES / "nbgrader_config.py.j2").render())
    if db:
        write_text(out / ADDRESS, db)
        (out / ADDRESS).chmod(0o600)  # a database's address may hold a password
    else:
        (out / ADDRESS).unlink(missing_ok=True)
    for name, assignment in assignments.items():
        write_text(out / "source" / name / f"{name}.ipynb", dumps(instructor_notebook(assignment)))
        write_text(out / "release" / name / f"{name}.ipynb", dumps(learner_notebook(assignment)))
    with transaction(out, db) as session:
        for assignment in assignments.values():
            _save_assignment(session, assignment)


@contextmanager
def transaction(out: Path, db: str | None) -> Iterator[Any]:
    """Yield a database session that is committed when the block succeeds, and undone when it does not."""
    with opened(out, db) as session, committed(session):
        yield session


@contextmanager
def opened(out: Path, db: str | None) -> Iterator[Any]:
    """Yield a database session for several transactions: opening one takes longer than most of what is done in it."""
    from nbgrader.api import Gradebook

    with Gradebook(address(out, db)) as gradebook:
        yield gradebook.db


@contextmanager
def committed(session: Any) -> Iterator[None]:
    """Commit what the block did when it succeeds, and undo it when it does not."""
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise


def address(out: Path, db: str | None = None) -> str:
    """Return the gradebook's address: ``db``, else the one that `prepare` was given, else a file in ``out``."""
    remembered = out / ADDRESS
    if db or not remembered.is_file():
        return db or f"sqlite:///{out.resolve() / 'gradebook.db'}"
    return remembered.read_text(encoding="utf-8").strip()


def _make_tables(url: str) -> None:
    """Make a new gradebook's tables, as nbgrader does, but without starting the program ``alembic`` for it (3 s)."""
    import sqlalchemy
    from alembic.script import ScriptDirectory
    from nbgrader import api, dbutil

    try:
        engine = sqlalchemy.create_engine(url)
        engine.connect().close()
        tables = sqlalchemy.inspect(engine).get_table_names()
    except (
        sqlalchemy.exc.SQLAlchemyError,
        ImportError,
    ) as error:  # ImportError: the database's driver is not installed
        reason = str(error).split("\n")[0].replace(url, "the address")
        raise CourseError(
            "The gradebook was not opened",
            reason,
            "Give --db an address as SQLAlchemy writes it, such as sqlite:////home/me/gradebook.db",
        ) from error
    if not tables:
        version = ScriptDirectory(dbutil.ALEMBIC_DIR).get_current_head()
        table = sqlalchemy.Table(
            "alembic_version",
            sqlalchemy.MetaData(),
            sqlalchemy.Column("version_num", sqlalchemy.String(32), nullable=False),
        )
        with engine.begin() as connection:
            api.Base.metadata.create_all(connection)
            table.create(connection)
            connection.execute(table.insert().values(version_num=version))
    engine.dispose()


def get_or_add(session: Any, table: type, **key: Any) -> Any:
    """Return the row of this key, which is added where there is none."""
    row = session.query(table).filter_by(**key).one_or_none()
    if row is None:
        row = table(**key)
        session.add(row)
        session.flush()  # gives it its id
    return row


def _save_assignment(session: Any, assignment: Assignment) -> None:
    from nbgrader import api

    known = session.query(api.Assignment).filter_by(name=assignment.name).one_or_none()
    if known is None:
        known = api.Assignment(name=assignment.name)  # belongs to nbgrader's default course
        session.add(known)
        session.flush()
    notebook = get_or_add(session, api.Notebook, name=assignment.name, assignment_id=known.id)
    notebook.kernelspec = json.dumps({"display_name": "Python 3", "language": "python", "name": "python3"})
    marked = {cell.id: cell for cell in assignment.cells if cell.has_grade_id}
    graded = {name for name, cell in marked.items() if cell.points}
    answered = {name for name, cell in marked.items() if cell.kind in ("solution", "written")}
    for old in [*notebook._base_cells]:
        if old.name not in (graded if isinstance(old, api.GradeCell) else answered):
            for entry in [*old.grades, *old.comments]:
                session.delete(entry)
            session.delete(old)
    for old in [*notebook.source_cells]:
        if old.name not in marked:
            session.delete(old)
    session.flush()
    for cell in marked.values():
        _save_cell(session, notebook.id, cell)


def _save_cell(session: Any, notebook_id: str, cell: Cell) -> None:
    """Save what nbgrader keeps of a cell: what it is worth, and how it reads with hidden tests and without solution."""
    from nbgrader import api

    cell_type = "code" if cell.is_code else "markdown"
    if cell.points:
        row = session.query(api.GradeCell).filter_by(name=cell.id, notebook_id=notebook_id).one_or_none()
        if row is None:
            row = api.GradeCell(name=cell.id, notebook_id=notebook_id, max_score=cell.points, cell_type=cell_type)
            session.add(row)
        row.max_score, row.cell_type = float(cell.points), cell_type
    if cell.kind in ("solution", "written"):
        get_or_add(session, api.SolutionCell, name=cell.id, notebook_id=notebook_id)
    text = cell.source if cell.kind == "check" else cell.given
    row = session.query(api.SourceCell).filter_by(name=cell.id, notebook_id=notebook_id).one_or_none()
    if row is None:
        row = api.SourceCell(name=cell.id, notebook_id=notebook_id, cell_type=cell_type)
        session.add(row)
    row.cell_type, row.locked, row.source = cell_type, cell.kind in ("check", "locked"), text
    row.checksum = checksum(cell, text)
