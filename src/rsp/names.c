/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rsp/names.h"

const TlvName rsp_names_profile_management_operation[] = {
    { 0, "install" }, { 1, "enable" }, { 2, "disable" }, { 3, "delete" }, { 0, NULL },
};

const TlvName rsp_names_profile_state[] = {
    { 0, "disabled" },
    { 1, "enabled" },
    { 0, NULL },
};

const TlvName rsp_names_profile_class[] = {
    { 0, "test" },
    { 1, "provisioning" },
    { 2, "operational" },
    { 0, NULL },
};

const TlvName rsp_names_icon_type[] = {
    { 0, "jpg" },
    { 1, "png" },
    { 0, NULL },
};

const TlvName rsp_names_ppr_ids[] = {
    { 0, "pprUpdateControl" },
    { 1, "ppr1" },
    { 2, "ppr2" },
    { 0, NULL },
};

const TlvName rsp_names_ppr_flags[] = {
    { 0, "consentRequired" },
    { 0, NULL },
};

const TlvName rsp_names_ipa_mode[] = {
    { 0, "ipad" },
    { 1, "ipae" },
    { 0, NULL },
};

const TlvName rsp_names_euicc_category[] = {
    { 0, "other" }, { 1, "basicEuicc" }, { 2, "mediumEuicc" }, { 3, "contactlessEuicc" },
    { 0, NULL },
};

const TlvName rsp_names_uicc_capability[] = {
    { 0, "contactlessSupport" },
    { 1, "usimSupport" },
    { 2, "isimSupport" },
    { 3, "csimSupport" },
    { 4, "akaMilenage" },
    { 5, "akaCave" },
    { 6, "akaTuak128" },
    { 7, "akaTuak256" },
    { 8, "usimTestAlgorithm" },
    { 9, "rfu" },
    { 10, "gbaAuthenUsim" },
    { 11, "gbaAuthenISim" },
    { 12, "mbmsAuthenUsim" },
    { 13, "eapClient" },
    { 14, "javacard" },
    { 15, "multos" },
    { 16, "multipleUsimSupport" },
    { 17, "multipleIsimSupport" },
    { 18, "multipleCsimSupport" },
    { 19, "berTlvFileSupport" },
    { 20, "dfLinkSupport" },
    { 21, "catTp" },
    { 22, "getIdentity" },
    { 23, "profile-a-x25519" },
    { 24, "profile-b-p256" },
    { 25, "suciCalculatorApi" },
    { 26, "dns-resolution" },
    { 27, "scp11ac" },
    { 28, "scp11c-authorization-mechanism" },
    { 29, "s16mode" },
    { 30, "eaka" },
    { 31, "iotminimal" },
    { 0, NULL },
};

const TlvName rsp_names_rsp_capability[] = {
    { 0, "additionalProfile" },
    { 1, "crlSupport" },
    { 2, "rpmSupport" },
    { 3, "testProfileSupport" },
    { 4, "deviceInfoExtensibilitySupport" },
    { 5, "serviceSpecificDataSupport" },
    { 19, "osUpdateSupport" },
    { 26, "iotSpecificMetadataSupport" },
    { 27, "mslCheckSupport" },
    { 28, "rspServerTestProfileAllowlistCheckSupport" },
    { 0, NULL },
};

const TlvName rsp_names_tre_properties[] = {
    { 0, "isDiscrete" },
    { 1, "isIntegrated" },
    { 2, "usesRemoteMemory" },
    { 0, NULL },
};

const TlvName rsp_names_lpae_support[] = {
    { 0, "lpaeUsingCat" },
    { 1, "lpaeUsingScws" },
    { 0, NULL },
};

const TlvName rsp_names_euicc_configuration[] = {
    { 0, "ipaeSupported" },
    { 1, "enabledProfile" },
    { 0, NULL },
};

const TlvName rsp_names_eim_id_type[] = {
    { 1, "eimIdTypeOid" },
    { 2, "eimIdTypeFqdn" },
    { 3, "eimIdTypeProprietary" },
    { 0, NULL },
};

const TlvName rsp_names_eim_supported_protocol[] = {
    { 0, "eimRetrieveHttps" }, { 1, "eimRetrieveCoaps" }, { 2, "eimInjectHttps" },
    { 3, "eimInjectCoaps" },   { 4, "eimProprietary" },   { 0, NULL },
};

const TlvName rsp_names_ipa_supported_protocols[] = {
    { 0, "ipaRetrieveHttps" }, { 1, "ipaRetrieveCoaps" }, { 2, "ipaInjectHttps" },
    { 3, "ipaInjectCoaps" },   { 4, "ipaProprietary" },   { 0, NULL },
};

const TlvName rsp_names_ipa_features[] = {
    { 0, "directRspServerCommunication" },
    { 1, "indirectRspServerCommunication" },
    { 2, "eimDownloadDataHandling" },
    { 3, "eimCtxParams1Generation" },
    { 4, "eimProfileMetadataVerification" },
    { 5, "minimizeEsipaBytes" },
    { 0, NULL },
};

const TlvName rsp_names_bpp_command_id[] = {
    { 0, "initialiseSecureChannel" },
    { 1, "configureISDP" },
    { 2, "storeMetadata" },
    { 3, "storeMetadata2" },
    { 4, "replaceSessionKeys" },
    { 5, "loadProfileElements" },
    { 0, NULL },
};

const TlvName rsp_names_error_reason[] = {
    { 1, "incorrectInputValues" },
    { 2, "invalidSignature" },
    { 3, "invalidTransactionId" },
    { 4, "unsupportedCrtValues" },
    { 5, "unsupportedRemoteOperationType" },
    { 6, "unsupportedProfileClass" },
    { 7, "scp03tStructureError" },
    { 8, "scp03tSecurityError" },
    { 9, "installFailedDueToIccidAlreadyExistsOnEuicc" },
    { 10, "installFailedDueToInsufficientMemoryForProfile" },
    { 11, "installFailedDueToInterruption" },
    { 12, "installFailedDueToPEProcessingError" },
    { 13, "installFailedDueToDataMismatch" },
    { 14, "testProfileInstallFailedDueToInvalidNaaKey" },
    { 15, "pprNotAllowed" },
    { 31, "insufficientMinimumSecurityLevel" },
    { 32, "serverAddressAbsentInEuiccAllowList" },
    { 127, "installFailedDueToUnknownError" },
    { 0, NULL },
};

const TlvName rsp_names_remote_op_id[] = {
    { 1, "installBoundProfilePackage" },
    { 0, NULL },
};

const TlvName rsp_names_undefined_error[] = {
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_delete_notification_status[] = {
    { 0, "ok" },
    { 1, "nothingToDelete" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_set_default_dp_address_result[] = {
    { 0, "ok" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_authenticate_error_code[] = {
    { 1, "invalidCertificate" }, { 2, "invalidSignature" }, { 3, "unsupportedCurve" },
    { 4, "noSessionContext" },   { 5, "invalidOid" },       { 6, "euiccChallengeMismatch" },
    { 7, "ciPKUnknown" },        { 127, "undefinedError" }, { 0, NULL },
};

const TlvName rsp_names_download_error_code[] = {
    { 1, "invalidCertificate" },
    { 2, "invalidSignature" },
    { 3, "unsupportedCurve" },
    { 4, "noSessionContext" },
    { 5, "invalidTransactionId" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_cancel_session_reason[] = {
    { 0, "endUserRejection" },  { 1, "postponed" },
    { 2, "timeout" },           { 3, "pprNotAllowed" },
    { 4, "metadataMismatch" },  { 5, "loadBppExecutionError" },
    { 127, "undefinedReason" }, { 0, NULL },
};

const TlvName rsp_names_cancel_session_response_error[] = {
    { 5, "invalidTransactionId" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_profile_info_list_error[] = {
    { 1, "incorrectInputValues" },
    { 11, "profileChangeOngoing" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_enable_profile_result[] = {
    { 0, "ok" },
    { 1, "iccidOrAidNotFound" },
    { 2, "profileNotInDisabledState" },
    { 3, "disallowedByPolicy" },
    { 4, "wrongProfileReenabling" },
    { 5, "catBusy" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_disable_profile_result[] = {
    { 0, "ok" },
    { 1, "iccidOrAidNotFound" },
    { 2, "profileNotInEnabledState" },
    { 3, "disallowedByPolicy" },
    { 5, "catBusy" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_delete_profile_result[] = {
    { 0, "ok" },
    { 1, "iccidOrAidNotFound" },
    { 2, "profileNotInDisabledState" },
    { 3, "disallowedByPolicy" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_set_nickname_result[] = {
    { 0, "ok" },
    { 1, "iccidNotFound" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_get_certs_error[] = {
    { 1, "invalidCiPKId" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_reset_options[] = {
    { 0, "deleteOperationalProfiles" },  { 1, "deleteFieldLoadedTestProfiles" },
    { 2, "resetDefaultSmdpAddress" },    { 3, "deletePreLoadedTestProfiles" },
    { 4, "deleteProvisioningProfiles" }, { 5, "resetEimConfigData" },
    { 6, "resetImmediateEnableConfig" }, { 0, NULL },
};

const TlvName rsp_names_reset_options_v1_0[] = {
    { 0, "deleteOperationalProfiles" }, { 1, "deleteFieldLoadedTestProfiles" },
    { 2, "resetDefaultSmdpAddress" },   { 3, "resetEimConfigData" },
    { 4, "resetAutoEnableConfig" },     { 0, NULL },
};

const TlvName rsp_names_reset_result[] = {
    { 0, "ok" },
    { 1, "nothingToDelete" },
    { 5, "catBusy" },
    { 104, "ecallActive" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_reset_eim_result[] = {
    { 0, "ok" }, { 1, "nothingToDelete" }, { 2, "eimResetNotSupported" }, { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_reset_immediate_enable_config_result[] = {
    { 0, "ok" },
    { 1, "resetIECNotSupported" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_immediate_enable_result[] = {
    { 0, "ok" },
    { 1, "immediateEnableNotAvailable" },
    { 4, "noSessionContext" },
    { 5, "catBusy" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_config_immediate_enable_result[] = {
    { 0, "ok" },
    { 1, "insufficientMemory" },
    { 2, "associatedEimAlreadyExists" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_rollback_cmd_result[] = {
    { 0, "ok" },           { 1, "rollbackNotAllowed" }, { 5, "catBusy" },
    { 7, "commandError" }, { 127, "undefinedError" },   { 0, NULL },
};

const TlvName rsp_names_execute_fallback_mechanism_result[] = {
    { 0, "ok" },
    { 2, "profileNotInDisabledState" },
    { 5, "catBusy" },
    { 6, "fallbackNotAvailable" },
    { 7, "commandError" },
    { 104, "ecallActive" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_return_from_fallback_result[] = {
    { 0, "ok" },           { 5, "catBusy" },          { 6, "fallbackNotAvailable" },
    { 7, "commandError" }, { 127, "undefinedError" }, { 0, NULL },
};

const TlvName rsp_names_enable_emergency_profile_result[] = {
    { 0, "ok" },
    { 2, "profileNotInDisabledState" },
    { 5, "catBusy" },
    { 8, "ecallNotAvailable" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_disable_emergency_profile_result[] = {
    { 0, "ok" },
    { 2, "profileNotInEnabledState" },
    { 5, "catBusy" },
    { 8, "ecallNotAvailable" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_connectivity_parameters_error[] = {
    { 1, "parametersNotAvailable" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_ipae_option[] = {
    { 0, "activateIpae" },
    { 0, NULL },
};

const TlvName rsp_names_ipae_activation_result[] = {
    { 0, "ok" },
    { 1, "notSupported" },
    { 0, NULL },
};

const TlvName rsp_names_add_initial_eim_error[] = {
    { 1, "insufficientMemory" },
    { 2, "associatedEimAlreadyExists" },
    { 3, "ciPKUnknown" },
    { 5, "invalidAssociationToken" },
    { 6, "counterValueOutOfRange" },
    { 7, "commandError" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_enable_result[] = {
    { 0, "ok" },
    { 1, "iccidOrAidNotFound" },
    { 2, "profileNotInDisabledState" },
    { 3, "disallowedByPolicy" },
    { 5, "catBusy" },
    { 20, "rollbackNotAvailable" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_disable_result[] = {
    { 0, "ok" },
    { 1, "iccidOrAidNotFound" },
    { 2, "profileNotInEnabledState" },
    { 3, "disallowedByPolicy" },
    { 5, "catBusy" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_delete_result[] = {
    { 0, "ok" },
    { 1, "iccidOrAidNotFound" },
    { 2, "profileNotInDisabledState" },
    { 3, "disallowedByPolicy" },
    { 20, "rollbackNotAvailable" },
    { 21, "returnFallbackProfile" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_configure_immediate_enable_result[] = {
    { 0, "ok" }, { 1, "insufficientMemory" }, { 7, "commandError" }, { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_set_fallback_attribute_result[] = {
    { 0, "ok" },
    { 1, "iccidOrAidNotFound" },
    { 2, "fallbackNotAllowed" },
    { 3, "fallbackProfileEnabled" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_unset_fallback_attribute_result[] = {
    { 0, "ok" },           { 2, "noFallbackAttribute" }, { 3, "fallbackProfileEnabled" },
    { 7, "commandError" }, { 127, "undefinedError" },    { 0, NULL },
};

const TlvName rsp_names_rollback_result[] = {
    { 0, "ok" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_processing_terminated[] = {
    { 1, "resultSizeOverflow" },
    { 2, "unknownOrDamagedCommand" },
    { 3, "interruption" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_add_eim_result[] = {
    { 0, "ok" },           { 1, "insufficientMemory" },      { 2, "associatedEimAlreadyExists" },
    { 3, "ciPKUnknown" },  { 5, "invalidAssociationToken" }, { 6, "counterValueOutOfRange" },
    { 7, "commandError" }, { 127, "undefinedError" },        { 0, NULL },
};

const TlvName rsp_names_delete_eim_result[] = {
    { 0, "ok" },           { 1, "eimNotFound" },      { 2, "lastEimDeleted" },
    { 7, "commandError" }, { 127, "undefinedError" }, { 0, NULL },
};

const TlvName rsp_names_update_eim_result[] = {
    { 0, "ok" },           { 1, "eimNotFound" },
    { 3, "ciPKUnknown" },  { 6, "counterValueOutOfRange" },
    { 7, "commandError" }, { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_list_eim_error[] = {
    { 7, "commandError" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_euicc_package_error_code[] = {
    { 3, "invalidEid" },
    { 4, "replayError" },
    { 6, "counterValueOutOfRange" },
    { 15, "sizeOverflow" },
    { 104, "ecallActive" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_euicc_package_unsigned_error_code[] = {
    { 15, "sizeOverflow" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_state_change_cause[] = {
    { 0, "otherEim" },     { 1, "fallback" },    { 2, "emergencyProfile" },
    { 3, "local" },        { 4, "reset" },       { 5, "immediateEnableProfile" },
    { 6, "deviceChange" }, { 127, "undefined" }, { 0, NULL },
};

const TlvName rsp_names_eim_package_error[] = {
    { 1, "noEimPackageAvailable" }, { 2, "eidNotFound" }, { 3, "invalidEid" }, { 4, "missingEid" },
    { 127, "undefinedError" },      { 0, NULL },
};

const TlvName rsp_names_eim_package_result_error_code[] = {
    { 1, "invalidPackageFormat" },
    { 2, "unknownPackage" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_provide_eim_package_result_error[] = {
    { 2, "eidNotFound" },      { 3, "invalidEid" }, { 4, "missingEid" },
    { 127, "undefinedError" }, { 0, NULL },
};

const TlvName rsp_names_ipa_euicc_data_error_code[] = {
    { 1, "incorrectTagList" },
    { 5, "euiccCiPKIdNotFound" },
    { 104, "ecallActive" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_profile_download_error_reason[] = {
    { 104, "ecallActive" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_initiate_authentication_error_esipa[] = {
    { 1, "invalidDpAddress" },   { 2, "euiccVersionNotSupportedByDp" },
    { 3, "ciPKIdNotSupported" }, { 50, "smdpAddressMismatch" },
    { 51, "smdpOidMismatch" },   { 52, "invalidEimTransactionId" },
    { 127, "undefinedError" },   { 0, NULL },
};

const TlvName rsp_names_authenticate_client_error_esipa[] = {
    { 1, "eumCertificateInvalid" },
    { 2, "eumCertificateExpired" },
    { 3, "euiccCertificateInvalid" },
    { 4, "euiccCertificateExpired" },
    { 5, "euiccSignatureInvalid" },
    { 6, "matchingIdRefused" },
    { 7, "eidMismatch" },
    { 8, "noEligibleProfile" },
    { 9, "ciPKUnknown" },
    { 10, "invalidTransactionId" },
    { 11, "insufficientMemory" },
    { 18, "downloadOrderExpired" },
    { 50, "pprNotAllowed" },
    { 56, "eventIdUnknown" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_get_bound_profile_package_error_esipa[] = {
    { 1, "euiccSignatureInvalid" },   { 2, "confirmationCodeMissing" },
    { 3, "confirmationCodeRefused" }, { 4, "confirmationCodeRetriesExceeded" },
    { 5, "bppRebindingRefused" },     { 6, "downloadOrderExpired" },
    { 50, "metadataMismatch" },       { 95, "invalidTransactionId" },
    { 127, "undefinedError" },        { 0, NULL },
};

const TlvName rsp_names_cancel_session_error[] = {
    { 1, "invalidTransactionId" },
    { 2, "euiccSignatureInvalid" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_authenticate_client_error_es11[] = {
    { 1, "eumCertificateInvalid" },
    { 2, "eumCertificateExpired" },
    { 3, "euiccCertificateInvalid" },
    { 4, "euiccCertificateExpired" },
    { 5, "euiccSignatureInvalid" },
    { 6, "eventIdUnknown" },
    { 7, "invalidTransactionId" },
    { 127, "undefinedError" },
    { 0, NULL },
};

const TlvName rsp_names_initiate_authentication_error[] = {
    { 1, "invalidDpAddress" },
    { 2, "euiccVersionNotSupportedByDp" },
    { 3, "ciPKIdNotSupported" },
    { 127, "undefinedError" },
    { 0, NULL },
};
