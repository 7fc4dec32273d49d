# What users get: a tarball, and packages for Debian.

.PHONY: dist deb deb-check rpm-check docker-check

RELEASES ?= bookworm trixie

##@ Ship

dist:  ## a tarball of what git knows, in build/
	@t/tools/dist $(OUT)

deb:  ## packages for this Debian, in build/deb/
	@t/tools/deb $(OUT)/deb

# Needs root: each release is tried in a chroot.
deb-check:  ## install, upgrade, remove and purge them in fresh Debians
	@t/tools/deb-check $(OUT)/deb-check $(RELEASES)

# Debian's rpm stands in for Fedora's.
rpm-check:  ## RPMs of examples/rpm, built and tried on this Debian
	@t/tools/rpm-check $(OUT)/rpm-check

# Needs root, and no engine.
docker-check:  ## the steps of examples/docker/Dockerfile, in fresh Debians
	@t/tools/docker-check $(OUT)/docker-check
