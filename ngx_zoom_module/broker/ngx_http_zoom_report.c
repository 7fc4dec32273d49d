#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_access.h"
#include "ngx_http_zoom_blocks.h"
#include "ngx_http_zoom_claim.h"
#include "ngx_http_zoom_quota.h"
#include "ngx_http_zoom_report.h"
#include "ngx_http_zoom_runs.h"
#include "ngx_http_zoom_worker_account.h"
#include "ngx_http_zoom_zone.h"


static void ngx_http_zoom_report_fleet(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_zone_report_t *report);


void
ngx_http_zoom_report(ngx_http_zoom_account_t *account,
    ngx_http_zoom_report_t *report)
{
    ngx_uint_t                       i;
    const zoom_rate_t               *rate;
    ngx_http_zoom_worker_account_t  *wa;
    ngx_http_zoom_record_t           rec;
    static ngx_http_zoom_state_t     none;

    ngx_memzero(report, sizeof(ngx_http_zoom_report_t));

    report->state = &none;

    wa = ngx_http_zoom_worker_account(account);

    if (wa == NULL) {
        return;
    }

    report->state = wa->state;

    ngx_http_zoom_access_look(wa, &rec);

    if (rec.published) {
        report->minted = rec.minted;
        report->expires = rec.expires;
    }

    for (i = 0; i < ZOOM_NLABELS; i++) {
        rate = ngx_http_zoom_runs_rate(wa, i);

        report->labels[i].rate = *rate;

        ngx_http_zoom_quota_look(wa->zone, wa->quota, i, rate,
                                 &report->labels[i].used,
                                 &report->labels[i].wait);

        if (ngx_http_zoom_runs_used(wa)) {
            report->labels[i].used = ngx_http_zoom_quota_used(wa->zone,
                                                              wa->quota, i);
        }
    }
}


void
ngx_http_zoom_report_zone(ngx_http_zoom_zone_report_t *report)
{
    uint32_t                    i;
    ngx_http_zoom_zone_t       *zone;
    ngx_http_zoom_shared_t     *sh;
    ngx_http_zoom_main_conf_t  *zmcf;

    ngx_memzero(report, sizeof(ngx_http_zoom_zone_report_t));

    zmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_zoom_module);

    if (zmcf == NULL || zmcf->zone == NULL) {
        return;
    }

    zone = zmcf->zone->data;

    sh = zone->sh;

    report->size = zmcf->zone->shm.size;
    report->entries = sh->nentries;
    report->used = sh->nused;
    report->negative = sh->nnegative;
    report->flights = sh->nflying;
    report->blocks = sh->nentries;
    report->free_blocks = ngx_http_zoom_blocks_left(sh);
    report->errors = sh->errors;
    report->nrefusals = sh->nrefusals + 1;
    report->refusals = zone->refusals;
    report->nevents = sh->nevents + 1;
    report->events = zone->events;

    for (i = 0; i < NGX_HTTP_ZOOM_MAX_WORKERS; i++) {
        report->workers += (sh->workers[i].pid != 0);
    }

    if (ngx_http_zoom_claim_used()) {
        ngx_http_zoom_report_fleet(zone, report);
    }
}


static void
ngx_http_zoom_report_fleet(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_zone_report_t *report)
{
    uint32_t                 i;
    ngx_atomic_uint_t        n;
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;

    ngx_http_zoom_zone_lock(zone);

    report->roster = sh->roster;

    ngx_http_zoom_zone_unlock(zone);

    for (n = 0, i = 0; i < NGX_HTTP_ZOOM_MAX_WORKERS; i++) {
        n += sh->workers[i].pid ? sh->workers[i].claims : 0;
    }

    sh->fleet.leases = n;
    report->fleet = &sh->fleet;
}
