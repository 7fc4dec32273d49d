#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_html.h"
#include "ngx_http_zoom_html_fleet.h"
#include "ngx_http_zoom_status_fleet.h"
#include "ngx_http_zoom_str.h"


/* seconds after which a record that we can't open is history */

#define NGX_HTTP_ZOOM_HTML_UNOPENED  (60 * 60)


static void ngx_http_zoom_html_fleet_trouble(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap);
static void ngx_http_zoom_html_fleet_away(ngx_http_zoom_writer_t *w,
    time_t sec);
static void ngx_http_zoom_html_fleet_missing(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fleet_roster_t *roster, ngx_uint_t missing);
static void ngx_http_zoom_html_fleet_deaf(ngx_http_zoom_writer_t *w,
    time_t sec);
static void ngx_http_zoom_html_fleet_key(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fleet_t *fleet, time_t sec);
static time_t ngx_http_zoom_html_fleet_key_age(
    const ngx_http_zoom_fleet_t *fleet, time_t now);


ngx_http_zoom_light_e
ngx_http_zoom_html_fleet_light(const ngx_http_zoom_snapshot_t *snap)
{
    const ngx_http_zoom_fleet_t  *fleet;

    fleet = snap->zone.fleet;

    if (fleet == NULL) {
        return NGX_HTTP_ZOOM_GREEN;
    }

    return (fleet->away
            || fleet->deaf
            || fleet->missing
            || ngx_http_zoom_html_fleet_key_age(fleet, snap->now) >= 0)
           ? NGX_HTTP_ZOOM_AMBER : NGX_HTTP_ZOOM_GREEN;
}


void
ngx_http_zoom_html_fleet(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap, ngx_http_zoom_light_e light)
{
    ngx_atomic_uint_t             hosts;
    const ngx_http_zoom_fleet_t  *fleet;

    fleet = snap->zone.fleet;

    if (fleet == NULL || ngx_http_zoom_html_fleet_light(snap) != light) {
        return;
    }

    if (light == NGX_HTTP_ZOOM_AMBER) {
        ngx_http_zoom_html_fleet_trouble(w, snap);
        return;
    }

    /* none: the store has not been asked yet */

    hosts = fleet->hosts;

    if (hosts) {
        ngx_http_zoom_writef(w, "<li class=green><i>OK</i><b>fleet:</b> the "
                                "store answers, and has seen %uA host%s of "
                                "late, this one included.</li>\n",
                             hosts, ngx_http_zoom_s(hosts));
    }
}


static void
ngx_http_zoom_html_fleet_trouble(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap)
{
    time_t                        age;
    ngx_atomic_uint_t             away, deaf, missing;
    const ngx_http_zoom_fleet_t  *fleet;

    fleet = snap->zone.fleet;

    away = fleet->away;
    deaf = fleet->deaf;
    missing = fleet->missing;
    age = ngx_http_zoom_html_fleet_key_age(fleet, snap->now);

    if (away) {
        ngx_http_zoom_html_fleet_away(w, snap->now - (time_t) away);

    } else if (deaf) {
        ngx_http_zoom_html_fleet_deaf(w, snap->now - (time_t) deaf);
    }

    if (missing && !away) {
        ngx_http_zoom_html_fleet_missing(w, &snap->zone.roster, missing);
    }

    if (age >= 0) {
        ngx_http_zoom_html_fleet_key(w, fleet, age);
    }
}


static void
ngx_http_zoom_html_fleet_away(ngx_http_zoom_writer_t *w, time_t sec)
{
    ngx_http_zoom_writes(w, "<li class=amber><i>ALONE</i><b>fleet:</b> the "
                            "store has been away for ");
    ngx_http_zoom_html_span(w, ngx_max(sec, 0));
    ngx_http_zoom_writes(w, ": nginx's error log says why, and what to do. "
                            "Until it is back, this host goes on by itself."
                            "</li>\n");
}


/* The first of them: which ones, the table tells. */

static void
ngx_http_zoom_html_fleet_missing(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fleet_roster_t *roster, ngx_uint_t missing)
{
    const ngx_http_zoom_fleet_host_t  *host;

    ngx_http_zoom_writes(w, "<li class=amber><i>MISSING</i><b>fleet:</b> ");

    if (roster->n) {
        host = &roster->hosts[0];

        ngx_http_zoom_html_text(w, host->name, host->len);
        ngx_http_zoom_writes(w, " was last seen ");
        ngx_http_zoom_html_span(w, ngx_http_zoom_fleet_seen(host));
        ngx_http_zoom_writes(w, " ago");

        if (missing > 1) {
            ngx_http_zoom_writef(w, ", and %ui more have not been seen of "
                                    "late", missing - 1);
        }

        ngx_http_zoom_writes(w, ". ");
    }

    ngx_http_zoom_writes(w, "A host that was killed keeps its part of the "
                            "limits for ten minutes, or until another one "
                            "begins; one that runs can't reach the store."
                            "</li>\n");
}


static void
ngx_http_zoom_html_fleet_deaf(ngx_http_zoom_writer_t *w, time_t sec)
{
    ngx_http_zoom_writes(w, "<li class=amber><i>DEAF</i><b>fleet:</b> for ");
    ngx_http_zoom_html_span(w, ngx_max(sec, 0));
    ngx_http_zoom_writes(w, " the store has not let this host hear what the "
                            "others tell, such as purges: give its user the "
                            "ACL of docs/fleet.md, with the channel.</li>\n");
}


static void
ngx_http_zoom_html_fleet_key(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fleet_t *fleet, time_t sec)
{
    ngx_http_zoom_writes(w, "<li class=amber><i>KEY</i><b>fleet:</b> the "
                            "store has tokens that none of our keys opens: "
                            "give all hosts the same \"key=\" of "
                            "\"zoom_store\", or each fleet a \"prefix=\" of "
                            "its own; ");
    ngx_http_zoom_writef(w, "%uA so far, the last one ", fleet->unopened);
    ngx_http_zoom_html_span(w, sec);
    ngx_http_zoom_writes(w, " ago.</li>\n");
}


void
ngx_http_zoom_html_roster(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fleet_roster_t *roster)
{
    ngx_uint_t                         i;
    const ngx_http_zoom_fleet_host_t  *host;

    for (i = 0; i < roster->n; i++) {
        host = &roster->hosts[i];

        ngx_http_zoom_writes(w, "<tr><th>");
        ngx_http_zoom_html_text(w, host->name, host->len);
        ngx_http_zoom_writes(w, "<td>seen ");
        ngx_http_zoom_html_span(w, ngx_http_zoom_fleet_seen(host));
        ngx_http_zoom_writes(w, " ago\n");
    }
}


/* Of the last token that nobody here could open; -1: none of late. */

static time_t
ngx_http_zoom_html_fleet_key_age(const ngx_http_zoom_fleet_t *fleet,
    time_t now)
{
    time_t  age;

    if (fleet->unopened == 0) {
        return -1;
    }

    age = ngx_max(now - (time_t) fleet->puzzled, 0);

    return (age < NGX_HTTP_ZOOM_HTML_UNOPENED) ? age : -1;
}
