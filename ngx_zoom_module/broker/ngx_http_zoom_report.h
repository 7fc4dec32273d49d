/* What there is to tell of accounts and of the zone. */

#ifndef _NGX_HTTP_ZOOM_REPORT_H_INCLUDED_
#define _NGX_HTTP_ZOOM_REPORT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_events_table.h"
#include "ngx_http_zoom_fleet.h"
#include "ngx_http_zoom_refusals_table.h"
#include "ngx_http_zoom_state.h"
#include "zoom_limit.h"


typedef struct {
    zoom_rate_t                  rate;       /* ours, with plan and share */
    uint32_t                     used;       /* today, where there is a day */
    ngx_msec_t                   wait;       /* a request made now would */
} ngx_http_zoom_label_report_t;


typedef struct {
    const ngx_http_zoom_state_t *state;      /* in shared memory: changes */
    time_t                       minted;     /* of the access token, 0: none */
    time_t                       expires;
    ngx_http_zoom_label_report_t labels[ZOOM_NLABELS];
} ngx_http_zoom_report_t;


/* And of the zone. */

typedef struct {
    size_t                       size;
    ngx_uint_t                   entries;
    ngx_uint_t                   used;
    ngx_uint_t                   negative;   /* of these, failures only */
    ngx_uint_t                   flights;    /* in progress */
    ngx_uint_t                   blocks;
    ngx_uint_t                   free_blocks;
    ngx_uint_t                   workers;
    const ngx_atomic_t          *errors;     /* of no account, ZOOM_E_LAST */
    ngx_uint_t                   nrefusals;
    const ngx_http_zoom_refusals_t  *refusals;   /* by location and caller:
                                                free ones among them */
    ngx_uint_t                   nevents;
    const ngx_http_zoom_events_t    *events;     /* of webhooks, likewise */
    const ngx_http_zoom_fleet_t *fleet;      /* NULL: no store is shared */
    ngx_http_zoom_fleet_roster_t roster;
} ngx_http_zoom_zone_report_t;


void ngx_http_zoom_report(ngx_http_zoom_account_t *account,
    ngx_http_zoom_report_t *report);
void ngx_http_zoom_report_zone(ngx_http_zoom_zone_report_t *report);


#endif /* _NGX_HTTP_ZOOM_REPORT_H_INCLUDED_ */
