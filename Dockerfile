# The image of itmsbot: one static program, the certificates of the public
# authorities and an account. deploy/build-root is everything that is built;
# make image-root runs the same without Docker.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN deploy/build-root /image

FROM scratch
COPY --from=build /image/ /
# Temporary files, SQLite's too: the root is best mounted read-only.
ENV TMPDIR=/var/lib/itmsbot
USER 65532:65532
VOLUME /var/lib/itmsbot
ENTRYPOINT ["/itmsbot"]
CMD ["serve", "-c", "/etc/itmsbot/itmsbot.yaml"]
