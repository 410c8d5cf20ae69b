# An image in which the two commands run:
#
#   docker build -t flowercourse .
#   docker run --rm -it --security-opt seccomp=unconfined --security-opt apparmor=unconfined -v flowercourse:/course/_build flowercourse make course
#   docker run --rm -it -p 8000:8000 -v flowercourse:/course/_build flowercourse .venv/bin/python build_tools/site.py --serve --host 0.0.0.0
#
# The two security options let the autograder's own sandbox (bubblewrap) make its namespaces inside the container.
# Without them everything but grading under isolation works; `autograder doctor` says what is in force.
FROM python:3.12-slim-bookworm AS system

RUN apt-get update \
 && apt-get install --yes --no-install-recommends make git bubblewrap chromium postgresql fonts-dejavu-core \
 && rm -rf /var/lib/apt/lists/*

# The dev container ends here: it makes .venv in the folder that is opened in it.
FROM system

WORKDIR /course

# The environment depends on these only, so that it is not made again whenever a page changes.
COPY requirements.txt pyproject.toml README.md LICENSE Makefile ./
COPY build_tools/system_packages.py build_tools/
COPY flowercourse/__init__.py flowercourse/
COPY solutions/__init__.py solutions/
COPY autograder/__init__.py autograder/
RUN make setup

COPY . .
CMD ["make", "help"]
