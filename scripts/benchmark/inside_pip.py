"""Run by pip's own interpreter: take one source archive from the package registry as it is.

`pip download` would run the archive's setup.py to learn its metadata. This asks pip's finder, which knows the
configured indexes, proxies, certificates and credentials, for the archive alone. Only called by release.py.
"""

import json
import sys
from pathlib import Path

from pip._internal.commands.download import DownloadCommand
from pip._vendor.packaging.specifiers import SpecifierSet


class TakeSource(DownloadCommand):
    """Arguments: package, version, folder. Writes the archive, and what was found as found.json, into the folder."""

    def run(self, options, args):
        package, version, folder = args
        session = self.get_default_session(options)
        finder = self._build_package_finder(options, session, ignore_requires_python=True)
        known = {str(candidate.version) for candidate in finder.find_all_candidates(package)}
        best = finder.find_best_candidate(package, SpecifierSet(f"=={version}")).best_candidate
        found = {"versions": sorted(known), "archive": None}
        if best:
            reply = session.get(best.link.url_without_fragment, headers={"Accept-Encoding": "identity"})
            reply.raise_for_status()
            found |= {"archive": best.link.filename, "algorithm": best.link.hash_name, "hash": best.link.hash}
            Path(folder, "archive").write_bytes(reply.content)
        Path(folder, "found.json").write_text(json.dumps(found))
        return 0


if __name__ == "__main__":
    sys.exit(TakeSource("download", "").main([*sys.argv[1:], "--no-binary", ":all:", "-vv"]))
