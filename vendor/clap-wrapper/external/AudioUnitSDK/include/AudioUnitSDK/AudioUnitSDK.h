/*!
	@file		AudioUnitSDK/AudioUnitSDK.h
	@copyright	© 2000-2021 Apple Inc. All rights reserved.
*/
#ifndef AudioUnitSDK_h
#define AudioUnitSDK_h

#include <AudioUnitSDK/AUBase.h>
#include <AudioUnitSDK/AUBuffer.h>
#include <AudioUnitSDK/AUEffectBase.h>
#include <AudioUnitSDK/AUInputElement.h>
#include <AudioUnitSDK/AUMIDIBase.h>
#include <AudioUnitSDK/AUMIDIEffectBase.h>
#include <AudioUnitSDK/AUOutputElement.h>
#include <AudioUnitSDK/AUPlugInDispatch.h>
#include <AudioUnitSDK/AUScopeElement.h>
#include <AudioUnitSDK/AUSilentTimeout.h>
#include <AudioUnitSDK/AUUtility.h>
#include <AudioUnitSDK/ComponentBase.h>
#include <AudioUnitSDK/MusicDeviceBase.h>

#endif /* AudioUnitSDK_h */
