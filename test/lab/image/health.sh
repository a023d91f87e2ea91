#!/bin/sh
# Healthy: PostgreSQL answers, and what the writer writes to is there.
exec psql -h /var/opt/gitlab/postgresql -U gitlab-psql -d gitlab -Atqc 'select 1 from counters limit 1' >/dev/null
