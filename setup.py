from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

DATA = ["zenprofile.schemas", "zenprofile.hooks"]


class BuildPy(build_py):
    """Take no code out of the data folders: schemas/generate.py stays behind."""

    def find_package_modules(self, package: str, package_dir: str) -> list[tuple[str, str, str]]:
        return [] if package in DATA else super().find_package_modules(package, package_dir)


setup(packages=[*find_packages(include=["zenprofile", "zenprofile.*"]), *DATA], cmdclass={"build_py": BuildPy})
