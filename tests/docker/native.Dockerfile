# A Debian machine with systemd and no Docker, in a container: for deploy.sh --native.
# The compiler and what was compiled already come from the development image.
FROM trading-bot-dev:latest
USER root
RUN /opt/setup/prepare-apt.sh \
	&& DEBIAN_FRONTEND=noninteractive apt-get update -qq \
	&& DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends systemd systemd-sysv dbus \
	&& /opt/setup/prepare-apt.sh --clean
WORKDIR /source
STOPSIGNAL SIGRTMIN+3
ENTRYPOINT ["/sbin/init"]
