"""nbgrader's course folder and gradebook, and what they know of the assignments.

A folder becomes an nbgrader course: ``gradebook.db`` (or any database that SQLAlchemy reaches), ``nbgrader_config.py``,
``source/``, ``release/``, and, once results are recorded (`autograder.outcome.record`),
``autograded/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb``, the notebook that ran. Jupyter started there shows it in formgrader,
where answers in words are graded by hand. There is no ``submitted/`` in it: formgrader's own autograde button would run
learners' code without any isolation.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autograder.authoring.notebooks import Assignment, Cell, checksum, dumps, instructor_notebook, learner_notebook
from autograder.files import write_text
from autograder.templating import template
from flowercourse.errors import CourseError, is_full

TEMPLATES = Path(__file__).with_name("templates")
ADDRESS = "gradebook.url"  # where a database of the instructor's choice is remembered
TRIES = 5  # of a transaction that somebody else's came in the way of
_LOCK = 0x6772616465  # the number of the lock that graders take turns with; any number that others don't use


class NoGradebook(CourseError):
    """The database is not there, does not let us in, or is something else than this course's gradebook."""

    exit_status = 2


def prepare(out: Path, assignments: Mapping[str, Assignment], *, db: str | None = None) -> None:
    """Make ``out`` an nbgrader course that knows ``assignments``.

    Args:
        out: The folder that a run of ``autograder grade`` writes to.
        assignments: The assignments of this run, by name.
        db: The gradebook's address, as SQLAlchemy writes it; None means ``out/gradebook.db``. It is remembered in
            ``out/gradebook.url``, readable by nobody else.

    Raises:
        NoGradebook: There is no database at that address, no driver for it, or another course's gradebook.
    """
    out.mkdir(parents=True, exist_ok=True)
    _make_tables(db or f"sqlite:///{out.resolve() / 'gradebook.db'}", assignments)
    config = out / "nbgrader_config.py"
    write_text(config, template(TEMPLATES / "nbgrader_config.py.j2").render())
    if db:
        write_text(out / ADDRESS, db, mode=0o600)  # a database's address may hold a password
    else:
        (out / ADDRESS).unlink(missing_ok=True)
    for name, assignment in assignments.items():
        write_text(out / "source" / name / f"{name}.ipynb", dumps(instructor_notebook(assignment)))
        write_text(out / "release" / name / f"{name}.ipynb", dumps(learner_notebook(assignment)))
    with opened(out, db) as session:
        in_turn(session, lambda: _save_assignments(session, assignments))


def _save_assignments(session: Any, assignments: Mapping[str, Assignment]) -> None:
    _wait_for_our_turn(session.connection())
    for assignment in assignments.values():
        _save_assignment(session, assignment)


@contextmanager
def transaction(out: Path, db: str | None) -> Iterator[Any]:
    """Yield a database session that is committed when the block succeeds, and undone when it does not."""
    with opened(out, db) as session, committed(session):
        yield session


@contextmanager
def opened(out: Path, db: str | None) -> Iterator[Any]:
    """Yield a database session for several transactions: opening one takes longer than most of what is done in it.

    Raises:
        NoGradebook: There is no database at that address, or it does not let us in.
    """
    from nbgrader.api import Gradebook

    url = address(out, db)
    with _reaching(url):
        gradebook = Gradebook(url)
    with gradebook:
        yield gradebook.db


def in_turn(session: Any, work: Callable[[], None]) -> None:
    """Do some work in a transaction; once more where another program's transaction came in its way.

    Two graders that add the same learner, or wait for each other's rows, or a server that was started anew: the work is
    undone, and done again on what the database holds by then.
    """
    from sqlalchemy.exc import IntegrityError, OperationalError

    for left in reversed(range(TRIES)):
        try:
            with committed(session):
                work()
            return
        except (IntegrityError, OperationalError) as error:
            if not left or is_full(error):
                raise


def alone_with(session: Any) -> None:
    """In SQLite, let nobody else write until this transaction ends: what is read first is still so when we write.

    Other databases lock the rows that are read for it.
    """
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


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


@contextmanager
def _reaching(url: str) -> Iterator[None]:
    """Say what is wrong where a database cannot be reached, without its password.

    Raises:
        NoGradebook: So it is.
    """
    import sqlalchemy

    try:
        yield
    except (sqlalchemy.exc.SQLAlchemyError, ImportError) as error:  # ImportError: there is no driver for such databases
        reason = str(error).split("\n")[0].replace(url, "the address")
        next_step = "Give --db an address as SQLAlchemy writes it, such as sqlite:////home/me/gradebook.db"
        try:
            known = sqlalchemy.make_url(url)
        except sqlalchemy.exc.ArgumentError:
            known = None
        if known is not None and known.password:
            reason = reason.replace(str(known.password), "***")
        if isinstance(error, ImportError) and known is not None and known.get_backend_name() == "postgresql":
            next_step = "For PostgreSQL: python -m pip install 'psycopg[binary]', and an address that begins with postgresql+psycopg://"
        elif known is not None and known.host and isinstance(error, sqlalchemy.exc.OperationalError):
            next_step = f"See that the server runs and lets this user in. {next_step}"
        raise NoGradebook("The gradebook was not opened", reason, next_step) from error


def _make_tables(url: str, ours: Collection[str]) -> None:
    """Make a new gradebook's tables, as nbgrader does, but without starting the program ``alembic`` for it (3 s).

    Raises:
        NoGradebook: The database cannot be reached, or holds something else than a gradebook of these assignments.
    """
    import sqlalchemy

    with _reaching(url):
        engine = sqlalchemy.create_engine(url)
        try:
            with engine.begin() as connection:
                _wait_for_our_turn(connection)
                tables = sqlalchemy.inspect(connection).get_table_names()
                if tables:
                    _refuse_others(connection, set(tables), ours)
                else:
                    _make_new_tables(connection)
        finally:
            engine.dispose()


def _make_new_tables(connection: Any) -> None:
    import sqlalchemy
    from alembic.script import ScriptDirectory
    from nbgrader import api, dbutil

    version = ScriptDirectory(dbutil.ALEMBIC_DIR).get_current_head()
    table = sqlalchemy.Table(
        "alembic_version",
        sqlalchemy.MetaData(),
        sqlalchemy.Column("version_num", sqlalchemy.String(32), nullable=False),
    )
    api.Base.metadata.create_all(connection)
    table.create(connection)
    connection.execute(table.insert().values(version_num=version))
    # nbgrader adds its course when it opens a gradebook; two that do so at once would come in each other's way.
    connection.execute(sqlalchemy.insert(api.Course).values(id="default_course"))


def _refuse_others(connection: Any, tables: set[str], ours: Collection[str]) -> None:
    """Refuse a database that is no gradebook, or one that knows assignments and none of this course.

    Raises:
        NoGradebook: It is such a one.
    """
    import sqlalchemy
    from nbgrader import api

    next_step = "Name a database of its own with --db; nothing was changed in this one"
    if not {"assignment", "student", "grade"} <= tables:
        found = ", ".join(sorted(tables)[:3])
        raise NoGradebook(
            "The gradebook was not opened", f"the database holds tables of something else ({found})", next_step
        )
    known = sorted(connection.scalars(sqlalchemy.select(api.Assignment.name)))
    if known and not set(known) & set(ours):
        found = ", ".join(known[:3])
        raise NoGradebook("The gradebook was not opened", f"it is another course's: it has {found}", next_step)


def _wait_for_our_turn(connection: Any) -> None:
    """Let no other grader make or change tables and assignments until this transaction ends.

    PostgreSQL needs telling; SQLite has one writer at any time.
    """
    import sqlalchemy

    if connection.dialect.name == "postgresql":
        connection.execute(sqlalchemy.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


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
