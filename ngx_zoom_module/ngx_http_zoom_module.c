/*
 * Tokens of Zoom's for meeting bots: directives and configuration.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_api.h"
#include "ngx_http_zoom_auth_conf.h"
#include "ngx_http_zoom_bounds.h"
#include "ngx_http_zoom_broker.h"
#include "ngx_http_zoom_check.h"
#include "ngx_http_zoom_choice.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_curl_library.h"
#include "ngx_http_zoom_grants_conf.h"
#include "ngx_http_zoom_handlers.h"
#include "ngx_http_zoom_loc_conf.h"
#include "ngx_http_zoom_pass.h"
#include "ngx_http_zoom_pass_conf.h"
#include "ngx_http_zoom_pool_conf.h"
#include "ngx_http_zoom_pool_zone.h"
#include "ngx_http_zoom_limit_conf.h"
#include "ngx_http_zoom_replay.h"
#include "ngx_http_zoom_stale_conf.h"
#include "ngx_http_zoom_store_conf.h"
#include "ngx_http_zoom_types_conf.h"
#include "ngx_http_zoom_use_conf.h"
#include "ngx_http_zoom_user_conf.h"
#include "ngx_http_zoom_variables.h"
#include "ngx_http_zoom_webhook.h"
#include "ngx_http_zoom_webhook_conf.h"
#include "ngx_http_zoom_zone.h"


static ngx_int_t ngx_http_zoom_preconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_zoom_postconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_zoom_init_process(ngx_cycle_t *cycle);
static void ngx_http_zoom_exit_process(ngx_cycle_t *cycle);

static char *ngx_http_zoom_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_zoom_use(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static ngx_http_zoom_place_t ngx_http_zoom_place(ngx_conf_t *cf);

static void *ngx_http_zoom_create_main_conf(ngx_conf_t *cf);
static char *ngx_http_zoom_init_main_conf(ngx_conf_t *cf, void *conf);


static ngx_conf_enum_t  ngx_http_zoom_responses[] = {
    { ngx_string("auto"), NGX_HTTP_ZOOM_RESPONSE_AUTO },
    { ngx_string("json"), NGX_HTTP_ZOOM_RESPONSE_JSON },
    { ngx_string("text"), NGX_HTTP_ZOOM_RESPONSE_TEXT },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_http_zoom_join_roles[] = {
    { ngx_string("participant"), NGX_HTTP_ZOOM_JOIN_PARTICIPANT },
    { ngx_string("host"), NGX_HTTP_ZOOM_JOIN_HOST },
    { ngx_string("caller"), NGX_HTTP_ZOOM_JOIN_CALLER },
    { ngx_null_string, 0 }
};


/* By ngx_http_zoom_use_e, which is the offset of a directive. */

static const ngx_http_handler_pt  ngx_http_zoom_handlers[] = {
    ngx_http_zoom_tokens_handler,
    ngx_http_zoom_join_handler,
    ngx_http_zoom_health_handler,
    ngx_http_zoom_status_handler,
    ngx_http_zoom_purge_handler,
    ngx_http_zoom_connect_handler,
    ngx_http_zoom_connected_handler,
    ngx_http_zoom_disconnect_handler,
    ngx_http_zoom_grants_handler,
    ngx_http_zoom_pass_handler
};


/* Arguments that open a meeting, or may have a link in place of a number. */

static const zoom_hidden_t  ngx_http_zoom_hidden[] = {
    { zoom_str("password"), 0 },
    { zoom_str("meeting_url"), 0 },
    { zoom_str("tk"), 0 },
    { zoom_str("meeting_number"), 1 },
    { zoom_str("meeting_id"), 1 },
    { zoom_str(""), 0 }
};


/* And that open an account. */

static const zoom_hidden_t  ngx_http_zoom_hidden_code[] = {
    { zoom_str("code"), 0 },
    { zoom_str("state"), 0 },
    { zoom_str(""), 0 }
};


static ngx_command_t  ngx_http_zoom_commands[] = {

    { ngx_string("zoom_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_zoom_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("zoom_store"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      ngx_http_zoom_set_store,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("zoom_account"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_http_zoom_account_block,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("zoom_pool"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_http_zoom_pool_block,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("zoom_tokens"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_zoom_use,
      NGX_HTTP_LOC_CONF_OFFSET,
      NGX_HTTP_ZOOM_TOKENS,
      NULL },

    { ngx_string("zoom_join"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_zoom_use,
      NGX_HTTP_LOC_CONF_OFFSET,
      NGX_HTTP_ZOOM_JOIN,
      NULL },

    { ngx_string("zoom_health"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_zoom_use,
      NGX_HTTP_LOC_CONF_OFFSET,
      NGX_HTTP_ZOOM_HEALTH,
      NULL },

    { ngx_string("zoom_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_zoom_use,
      NGX_HTTP_LOC_CONF_OFFSET,
      NGX_HTTP_ZOOM_STATUS,
      NULL },

    { ngx_string("zoom_purge"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_zoom_use,
      NGX_HTTP_LOC_CONF_OFFSET,
      NGX_HTTP_ZOOM_PURGE,
      NULL },

    { ngx_string("zoom_connect"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_zoom_use,
      NGX_HTTP_LOC_CONF_OFFSET,
      NGX_HTTP_ZOOM_CONNECT,
      NULL },

    { ngx_string("zoom_connected"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_zoom_use,
      NGX_HTTP_LOC_CONF_OFFSET,
      NGX_HTTP_ZOOM_CONNECTED,
      NULL },

    { ngx_string("zoom_disconnect"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_zoom_use,
      NGX_HTTP_LOC_CONF_OFFSET,
      NGX_HTTP_ZOOM_DISCONNECT,
      NULL },

    { ngx_string("zoom_grants"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_zoom_use,
      NGX_HTTP_LOC_CONF_OFFSET,
      NGX_HTTP_ZOOM_GRANTS,
      NULL },

    { ngx_string("zoom_pass"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_http_zoom_use,
      NGX_HTTP_LOC_CONF_OFFSET,
      NGX_HTTP_ZOOM_PASS,
      NULL },

    { ngx_string("zoom_allow"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_2MORE,
      ngx_http_zoom_set_allow,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("zoom_allow_unknown"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_zoom_set_allow_unknown,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("zoom_download_hosts"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_zoom_set_hosts,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_zoom_loc_conf_t, download_hosts),
      NULL },

    { ngx_string("zoom_download_redirects"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_zoom_set_hosts,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_zoom_loc_conf_t, download_redirects),
      NULL },

    { ngx_string("zoom_connect_as"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_zoom_set_connect_as,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_zoom_loc_conf_t, connect_as),
      NULL },

    { ngx_string("zoom_connect_return"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_zoom_set_connect_return,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_zoom_loc_conf_t, connect_return),
      NULL },

    { ngx_string("zoom_onbehalf"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_2MORE,
      ngx_http_zoom_set_onbehalf,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_zoom_loc_conf_t, onbehalf),
      NULL },

    { ngx_string("zoom_authenticate"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_zoom_authenticate,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("zoom_limit"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE123,
      ngx_http_zoom_set_limit,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("zoom_replay"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_http_zoom_set_replay,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("zoom_user"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_zoom_set_user,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_zoom_loc_conf_t, user),
      NULL },

    { ngx_string("zoom_allow_user"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_zoom_allow_user,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("zoom_types"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_zoom_set_types,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("zoom_allow_meeting"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_zoom_loc_conf_t, allow_meeting),
      NULL },

    { ngx_string("zoom_bypass_waiting_room"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_zoom_loc_conf_t, bypass),
      NULL },

    { ngx_string("zoom_ttl"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_zoom_loc_conf_t, ttl),
      &ngx_http_zoom_ttl_post },

    { ngx_string("zoom_reuse"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_zoom_loc_conf_t, reuse),
      &ngx_http_zoom_age_post },

    { ngx_string("zoom_min_left"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_zoom_loc_conf_t, min_left),
      &ngx_http_zoom_age_post },

    { ngx_string("zoom_use_stale"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_zoom_loc_conf_t, use_stale),
      NULL },

    { ngx_string("zoom_stale_after"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_zoom_set_stale_after,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("zoom_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_zoom_loc_conf_t, timeout),
      &ngx_http_zoom_time_post },

    { ngx_string("zoom_response"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_zoom_set_enum,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_zoom_loc_conf_t, response),
      &ngx_http_zoom_responses },

    { ngx_string("zoom_join_role"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_zoom_set_enum,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_zoom_loc_conf_t, join_role),
      &ngx_http_zoom_join_roles },

    { ngx_string("zoom_join_token"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_zoom_set_join_token,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_zoom_loc_conf_t, join_token),
      NULL },

    { ngx_string("zoom_join_sdk_key"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_zoom_loc_conf_t, join_sdk_key),
      NULL },

    { ngx_string("zoom_webhook"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_zoom_set_webhook,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("zoom_webhook_window"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_zoom_loc_conf_t, webhook_window),
      &ngx_http_zoom_window_post },

    { ngx_string("zoom_webhook_act"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_zoom_loc_conf_t, webhook_act),
      NULL },

    { ngx_string("zoom_webhook_events"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_zoom_set_webhook_events,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_zoom_module_ctx = {
    ngx_http_zoom_preconfiguration,        /* preconfiguration */
    ngx_http_zoom_postconfiguration,       /* postconfiguration */

    ngx_http_zoom_create_main_conf,        /* create main configuration */
    ngx_http_zoom_init_main_conf,          /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_zoom_loc_conf_create,         /* create location configuration */
    ngx_http_zoom_use_merge                /* merge location configuration */
};


ngx_module_t  ngx_http_zoom_module = {
    NGX_MODULE_V1,
    &ngx_http_zoom_module_ctx,             /* module context */
    ngx_http_zoom_commands,                /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_zoom_init_process,            /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_zoom_exit_process,            /* exit process */
    NULL,                                  /* exit master */
    (uintptr_t) &ngx_http_zoom_api, 0, 0, 0, 0, 0, 0, 0
};


static ngx_int_t
ngx_http_zoom_preconfiguration(ngx_conf_t *cf)
{
    if (ngx_http_zoom_variables_add(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_zoom_pass_variables_add(cf);
}


static ngx_int_t
ngx_http_zoom_postconfiguration(ngx_conf_t *cf)
{
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;
    ngx_http_zoom_main_conf_t  *zmcf;

    zmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_zoom_module);

    if (zmcf->accounts.nelts
        && ngx_http_zoom_curl_library_check(cf->log) != NGX_OK)
    {
        return NGX_ERROR;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_PREACCESS_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_zoom_preaccess_handler;

    ngx_http_zoom_check_accounts(zmcf);

    return ngx_http_zoom_webhook_init(cf);
}


static ngx_int_t
ngx_http_zoom_init_process(ngx_cycle_t *cycle)
{
    ngx_http_zoom_main_conf_t  *zmcf;

    /* cache managers and loaders have no business with Zoom */

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    zmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_zoom_module);

    if (zmcf && zmcf->zone) {
        ngx_http_zoom_replay_attach(zmcf->zone->data);
    }

    return ngx_http_zoom_broker_init_process(cycle);
}


static void
ngx_http_zoom_exit_process(ngx_cycle_t *cycle)
{
    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return;
    }

    ngx_http_zoom_broker_exit_process(cycle);
}


static char *
ngx_http_zoom_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_main_conf_t  *zmcf = conf;

    off_t       size;
    ngx_str_t  *value;

    if (zmcf->zone_size != NGX_CONF_UNSET_SIZE) {
        return "is duplicate";
    }

    value = cf->args->elts;

    /* ngx_parse_size() knows no "g" */

    size = ngx_parse_offset(&value[1]);

    if (size < NGX_HTTP_ZOOM_ZONE_MIN || size > NGX_HTTP_ZOOM_ZONE_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid zone size \"%V\", it must be from 256k "
                           "to 1g, such as \"8m\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    zmcf->zone_size = size;

    return NGX_CONF_OK;
}


/* A content handler; the account may be declared later. */

static char *
ngx_http_zoom_use(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_loc_conf_t  *zlcf = conf;

    ngx_str_t                         *value;
    ngx_http_core_loc_conf_t          *clcf;
    ngx_http_compile_complex_value_t   ccv;

    if (zlcf->use.name) {

        if (ngx_strcmp(zlcf->use.name, cmd->name.data) == 0) {
            return "is duplicate";
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" directive conflicts with \"%s\"",
                           &cmd->name, zlcf->use.name);
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    zlcf->use.name = (char *) cmd->name.data;
    zlcf->use.what = cmd->offset;
    zlcf->use.handler = ngx_http_zoom_handlers[cmd->offset];
    zlcf->use.place = ngx_http_zoom_place(cf);

    if (zlcf->use.what == NGX_HTTP_ZOOM_TOKENS
        || zlcf->use.what == NGX_HTTP_ZOOM_JOIN)
    {
        zlcf->use.hidden = ngx_http_zoom_hidden;

    } else if (zlcf->use.what == NGX_HTTP_ZOOM_CONNECTED) {
        zlcf->use.hidden = ngx_http_zoom_hidden_code;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = zlcf->use.handler;

    if (cf->args->nelts == 1) {
        return NGX_CONF_OK;
    }

    zlcf->use.account = value[1];

    if (zlcf->use.what == NGX_HTTP_ZOOM_PASS) {
        return ngx_http_zoom_set_pass(cf, zlcf, &ngx_http_zoom_pass_server);
    }

    if ((zlcf->use.what != NGX_HTTP_ZOOM_TOKENS
         && zlcf->use.what != NGX_HTTP_ZOOM_JOIN)
        || ngx_http_script_variables_count(&value[1]) == 0)
    {
        return NGX_CONF_OK;
    }

    zlcf->variable = ngx_palloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (zlcf->variable == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &value[1];
    ccv.complex_value = zlcf->variable;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_http_zoom_place_t
ngx_http_zoom_place(ngx_conf_t *cf)
{
    ngx_http_zoom_place_t  place;

    place.file = cf->conf_file->file.name.data;
    place.line = cf->conf_file->line;

    return place;
}


static void *
ngx_http_zoom_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_zoom_main_conf_t  *zmcf;

    zmcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_zoom_main_conf_t));
    if (zmcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     zmcf->zone = NULL;
     *     zmcf->store = NULL;
     *     zmcf->log = NULL;
     */

    zmcf->zone_size = NGX_CONF_UNSET_SIZE;

    if (ngx_array_init(&zmcf->accounts, cf->pool, 4,
                       sizeof(ngx_http_zoom_account_t *))
        != NGX_OK)
    {
        return NULL;
    }

    ngx_rbtree_init(&zmcf->account_names, &zmcf->account_sentinel,
                    ngx_str_rbtree_insert_value);

    if (ngx_array_init(&zmcf->pools, cf->pool, 4,
                       sizeof(ngx_http_zoom_pool_conf_t *))
        != NGX_OK)
    {
        return NULL;
    }

    if (ngx_array_init(&zmcf->readable, cf->pool, 4, sizeof(ngx_str_t))
        != NGX_OK)
    {
        return NULL;
    }

    return zmcf;
}


/* The http block has been read: all accounts are known. */

static char *
ngx_http_zoom_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_http_zoom_main_conf_t  *zmcf = conf;

    ngx_uint_t                 i;
    ngx_http_core_loc_conf_t  *clcf;
    ngx_http_zoom_account_t  **account;

    ngx_conf_init_size_value(zmcf->zone_size, NGX_HTTP_ZOOM_ZONE_DEFAULT);

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    zmcf->log = clcf->error_log;

    if (zmcf->store
        && ngx_http_zoom_store_check(cf, zmcf->store) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_zoom_pool_zones_add(cf, &zmcf->pools, &ngx_http_zoom_module)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (zmcf->accounts.nelts == 0) {
        return NGX_CONF_OK;
    }

    account = zmcf->accounts.elts;

    for (i = 0; i < zmcf->accounts.nelts; i++) {
        if (ngx_http_zoom_account_finish(cf, account[i]) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    zmcf->zone = ngx_http_zoom_zone_add(cf, zmcf->zone_size,
                                        zmcf->accounts.nelts, zmcf->webhooks,
                                        &ngx_http_zoom_module);
    if (zmcf->zone == NULL) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}
